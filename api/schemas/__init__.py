"""What the API reads and answers for its nouns, a module for each. OpenAPI is generated from it."""
