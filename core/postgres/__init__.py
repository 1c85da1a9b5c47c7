"""Django's PostgreSQL backend, with a timeout for every wait. Settings: ENGINE `core.postgres`.

The server enforces `statement_timeout` and `lock_timeout`, so a frozen server enforces neither.
Here the client enforces a timeout by itself.
"""

from core.postgres.outages import Outage, outage_of

__all__ = ["Outage", "outage_of"]
