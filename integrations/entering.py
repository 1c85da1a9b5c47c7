"""What somebody enters for a connection, between one try and the next, before a store accepted it.

The form gets it back as encrypted text, so that a person who first has to change something in the
shop need not paste everything again, and no page shows a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.sealing import Seal, SealError
from core.tenancy import current_brand_id
from integrations.credentials import credentials_of
from integrations.models import Connection
from integrations.shop import WEBHOOK_SECRET
from integrations.shops import shop_of

KEPT_FOR = timedelta(hours=1)
_SEAL = Seal("shop credentials being entered")
_AT = "entered at"


def seal_entered(*, kind: str, entered: Mapping[str, str], now: datetime) -> str:
    """Return what was entered as encrypted text, which opens for this brand and kind alone."""
    return _SEAL.seal(_owner(kind), {**entered, _AT: now.isoformat()})


def unseal_entered(*, kind: str, sealed: str, now: datetime) -> dict[str, str]:
    """Return what was entered; nothing if it is too old, or was sealed for something else."""
    try:
        entered = _SEAL.unseal(_owner(kind), sealed)
    except SealError:
        return {}
    entered_at = datetime.fromisoformat(entered.pop(_AT))
    return entered if now - entered_at <= KEPT_FOR else {}


def known_credentials(connection: Connection) -> dict[str, str]:
    """Return what was entered for a live connection, without a secret that we or the shop made."""
    named = {field.name for field in shop_of(connection.kind).fields} - {WEBHOOK_SECRET}
    known = credentials_of(connection)
    return {name: value for name, value in known.items() if name in named}


def _owner(kind: str) -> str:
    return f"{current_brand_id()}/{kind}"
