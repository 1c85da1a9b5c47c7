"""The nouns of the API, a module for each: reading them, and changing what staff can change."""
