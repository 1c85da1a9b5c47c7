"""The outbox: one row per domain event, for whoever tells other systems of it later."""
