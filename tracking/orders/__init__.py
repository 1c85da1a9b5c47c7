"""Read, attribute, record and look up orders and refunds."""
