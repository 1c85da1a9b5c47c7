"""A real PostgreSQL, a real Valkey and a mail inbox for one checkout, without installing anything.

Local mode only. Nothing here is imported by the product: `manage.py` and `make run` call in,
production never does. No module of this package imports Django when it is imported, because the
services have to stand before the settings are read. Only `inbox` and `urls`, which are pages, do.
"""

from config.local.services import activate, ensure_services

__all__ = ["activate", "ensure_services"]
