"""The outbox: one row per domain event, to be sent to other systems later."""
