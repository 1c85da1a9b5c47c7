"""Email that can be trusted: templates, campaigns, messages, delivery, suppression."""
