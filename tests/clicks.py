"""Clicks of tests, as the redirect writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.cast import NOW
from tracking.links import click_ids
from tracking.links.click_lines import ClickLines, line_of
from tracking.links.storing import Stored, store_batches
from tracking.models import TrackingLink

FIRST_VISITOR = -(2**63)  # the smallest number that a visitor's hash can be


def click_line(link: TrackingLink, *, clicked_at: datetime = NOW, **changes: Any) -> str:
    """A visit of one shopper with a phone, who came directly, with `changes`."""
    values: dict[str, Any] = {
        "kind": "visit",
        "visitor": FIRST_VISITOR,
        "device": "phone",
    } | changes
    click_id = values.pop("click_id", "") or click_ids.make(link_id=link.pk, clicked_at=clicked_at)
    return line_of(link_id=link.pk, click_id=click_id, clicked_at=clicked_at, **values)


def batch_of(*lines: str) -> ClickLines:
    return ClickLines(uuid4(), "".join(lines).encode())


def store(*lines: str, now: datetime = NOW) -> Stored:
    """Store these lines as one batch."""
    return store_batches([batch_of(*lines)], now=now)
