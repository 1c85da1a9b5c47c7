"""A member asks about a missing sale; the brand answers once."""
