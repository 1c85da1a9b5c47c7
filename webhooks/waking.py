"""Wake the sender. A lost message delays a delivery until the next sweep, a second later."""

from __future__ import annotations

from django.db import transaction

from core.broker import publish

SWEEP = "webhooks.sweep"
TELL_OWNERS = "webhooks.tell_owners"


def wake_sender() -> None:
    """Have a worker look for deliveries that are due, once the transaction has committed."""
    transaction.on_commit(lambda: publish(SWEEP))


def wake_mailing() -> None:
    """Have a worker mail the owners of brands whose endpoints were disabled."""
    transaction.on_commit(lambda: publish(TELL_OWNERS))
