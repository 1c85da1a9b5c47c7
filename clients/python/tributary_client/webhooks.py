"""Read a webhook that Tributary sent, after its signature was checked (Standard Webhooks)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class WrongSignatureError(Exception):
    """It was not signed with this secret, was changed on its way, or is older than 5 minutes."""


@dataclass(frozen=True)
class Event:
    """One event. `id` is the same each time it is sent: keep it, and do each event once."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


def read_webhook(body: bytes | str, headers: Mapping[str, str], *, secret: str) -> Event:
    """Return the event of a request with this body. `secret` begins with whsec_.

    Raises WrongSignatureError. Pass the body as it came, not parsed and written anew.
    """
    plain = {name.lower(): value for name, value in headers.items()}
    webhook = Webhook(secret)
    try:
        said = webhook.verify(body, plain)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: no signature, no text
        raise WrongSignatureError(str(error)) from error
    return Event(
        id=plain["webhook-id"],
        type=said["type"],
        timestamp=datetime.fromisoformat(said["timestamp"]),
        data=said["data"],
    )
