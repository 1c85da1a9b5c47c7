"""Record logins, failed logins and changes of a login: in the log `security` and the audit log.

Every line is structured: an event's name, with values as `extra`. They never contain a secret,
code, token or password, and an unknown address is a keyed digest. Events about a brand's staff are
also written to the audit log of every brand they work for.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils.crypto import salted_hmac

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Staff, User
from accounts.selectors import brands_of
from core.references import Reference
from core.tenancy import acting_for

Fact = str | int | bool | None
LOGGER = logging.getLogger("security")


def address_digest(address: str) -> str:
    """A keyed digest, which does not reveal the address; equal for equal addresses."""
    plain = address.strip().lower()
    return salted_hmac("accounts.security_log", plain, algorithm="sha256").hexdigest()[:32]


def log_event(event: str, *, user: User | None, network: str = "", **facts: Fact) -> None:
    """Write one line of the log `security`."""
    who = user.pk if user else None
    LOGGER.info(event, extra={"user_id": who, "network": network, **facts})


def record_event(
    *,
    action: str,
    user: User,
    now: datetime,
    network: str = "",
    by: Actor | None = None,
    **facts: Fact,
) -> None:
    """Write a log line, and an entry in the audit log of each brand that the user works for.

    `action` ("password.changed") is the name of both.
    """
    log_event(action, user=user, network=network, **facts)
    for entry in brands_of(user):
        with acting_for(entry.brand):
            audit.record(
                action=action,
                target=Reference.by_id(Staff, entry.staff_id),
                by=by or Actor.of_user(user),
                now=now,
                network=network,
                **facts,
            )
