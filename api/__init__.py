"""Addresses for machines: /api/v1/ for shops, /r/ for shoppers' browsers, and probes."""
