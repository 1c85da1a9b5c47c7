"""Stripe: orders of Checkout and of subscriptions, refunds, disputes, promotion codes."""
