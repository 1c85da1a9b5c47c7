"""Who may do what: users, brands, staff roles, API keys, and the audit log of what they did."""
