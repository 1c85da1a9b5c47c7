"""The sealed credentials of connections, and the secrets that their shops sign deliveries with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.resealing import Resealed, reseal_rows
from core.sealing import Seal
from integrations.models import Connection

_SEAL = Seal("shop credentials")  # part of the keys: with another text nothing stored opens
SEALED = ("sealed_credentials", "sealed_secret", "sealed_former_secret")
SECRET = "secret"  # noqa: S105 # pragma: allowlist secret - the name of the value


def seal_credentials(connection: Connection, credentials: Mapping[str, str]) -> str:
    """Return the credentials as encrypted text, which opens for this connection alone."""
    return _SEAL.seal(_owner(connection), dict(credentials))


def credentials_of(connection: Connection) -> dict[str, str]:
    """Return the credentials; none once it has ended. Raises core.sealing.SealError."""
    if not connection.sealed_credentials:
        return {}
    return _SEAL.unseal(_owner(connection), connection.sealed_credentials)


def seal_secret(connection: Connection, secret: str) -> str:
    return _SEAL.seal(_owner(connection), {SECRET: secret}) if secret else ""


def secret_of(connection: Connection) -> str:
    """Return the secret that the shop is to sign with; "" if none is known."""
    return _opened(connection, connection.sealed_secret)


def live_secrets(connection: Connection, *, now: datetime) -> tuple[str, ...]:
    """Return the secrets that may have signed a delivery: one, or two after a change."""
    until = connection.former_secret_until
    sealed = [connection.sealed_secret]
    if until is not None and now < until:
        sealed.append(connection.sealed_former_secret)
    return tuple(_opened(connection, one) for one in sealed if one)


def _opened(connection: Connection, sealed: str) -> str:
    return _SEAL.unseal(_owner(connection), sealed)[SECRET] if sealed else ""


def reseal_connections() -> Resealed:
    """Encrypt what is sealed with another key than the first again, of all brands."""
    return reseal_rows(Connection, columns=SEALED, seal=_SEAL)


def _owner(connection: Connection) -> str:
    """What never changes of a connection."""
    return f"{connection.brand_id}/{connection.kind}/{connection.store}"
