"""Django's PostgreSQL backend, with a bound on every wait.

`statement_timeout` and `lock_timeout` are kept by the server, so a server that is frozen or gone
keeps neither; here the client gives up by itself. Named in the settings as ENGINE `core.postgres`.
"""

from core.postgres.outages import Outage, outage_of

__all__ = ["Outage", "outage_of"]
