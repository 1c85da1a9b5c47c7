"""Members of a brand, and creators: the same person over all brands."""
