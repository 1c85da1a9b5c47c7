"""What a brand runs: offers and their terms, who is in them, projects, dashboard links."""
