"""WooCommerce: signed deliveries, the REST API v3, and what its orders and refunds mean here."""
