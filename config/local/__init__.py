"""A real PostgreSQL, a real Valkey and a mail inbox for one checkout, without installing anything.

Local mode only: `manage.py` and `make run` use it, the product in production never imports it. Its
modules don't import Django at the top, because the services must run before the settings are read.
Only the pages `inbox` and `urls` do.
"""

from config.local.services import activate, ensure_services

__all__ = ["activate", "ensure_services"]
