"""Outgoing webhooks: what happens in a brand, sent to addresses that the brand names."""
