"""Sample data, made by the product's own services: of the local demo, and of test mode."""
