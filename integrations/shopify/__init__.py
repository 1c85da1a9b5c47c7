"""Shopify: signature, mapping of orders and refunds, client of the Admin API, and setup."""
