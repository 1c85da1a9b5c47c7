"""A receiver, and Juniper's endpoint for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.cast import SYSTEM, Cast
from tests.webhooks.receiver import Receiver
from webhooks.endpoints import add_endpoint
from webhooks.models import Endpoint


def endpoint_for(receiver: Receiver, *events: str) -> Endpoint:
    """An endpoint that is on, of the brand in scope."""
    made = add_endpoint(
        address=receiver.address, events=events, description="", by=SYSTEM, now=timezone.now()
    )
    receiver.secret = made.secret
    return made.endpoint


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as one:
        yield one


@pytest.fixture
def endpoint(receiver: Receiver, at_juniper: Cast) -> Endpoint:
    return endpoint_for(receiver)
