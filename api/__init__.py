"""Addresses for machines: /api/v1/ for shops, webhooks, and probes."""
