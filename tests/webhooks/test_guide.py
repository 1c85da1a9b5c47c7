"""docs/guides/webhooks.md says what the code does."""

from __future__ import annotations

import re
from datetime import timedelta

from accounts.models import OutboxEvent
from tests.architecture.source import ROOT
from webhooks.endpoints import FORMER_SECRET_VALID_FOR, MAX_FORMER_SECRETS
from webhooks.events import TEST_EVENT
from webhooks.outcomes import (
    DISABLED_AFTER,
    MAX_PAUSE_OF_ENDPOINT,
    MAX_QUIET,
    MAX_RETRY_AFTER,
    PAUSES,
)
from webhooks.queue import CALLS_TO_AN_ENDPOINT, SLOW_MILLISECONDS
from webhooks.retention import KEPT_FOR
from webhooks.sending import CALL_SECONDS

GUIDE = " ".join((ROOT / "docs/guides/webhooks.md").read_text().split())
SECONDS = {"s": 1, "min": 60, "h": 3_600}


def test_it_names_every_event() -> None:
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", GUIDE)) - {"data.id"}

    assert named - {name for name in named if name.startswith("manage.")} == {
        *OutboxEvent.values, TEST_EVENT,
    }  # fmt: skip


def test_it_names_the_pauses() -> None:
    [listed] = re.findall(r"again after (.+?): (?:\d+) attempts", GUIDE)
    pauses = [
        timedelta(seconds=int(number) * SECONDS[unit])
        for number, unit in re.findall(r"(\d+) (s|min|h)\b", listed)
    ]

    assert tuple(pauses) == PAUSES
    assert f"{len(PAUSES) + 1} attempts over about 75 hours" in GUIDE
    assert timedelta(hours=74) < sum(PAUSES, timedelta()) < timedelta(hours=76)


def test_it_names_the_limits() -> None:
    assert f"2xx within {CALL_SECONDS:g} seconds" in GUIDE
    assert (timedelta(days=1), timedelta(hours=1)) == (MAX_RETRY_AFTER, MAX_PAUSE_OF_ENDPOINT)
    assert (
        timedelta(days=5), 2_000, 8,
    ) == (DISABLED_AFTER, SLOW_MILLISECONDS, CALLS_TO_AN_ENDPOINT)  # fmt: skip
    assert f"after {MAX_QUIET.days} days without any attempt" in GUIDE
    assert "for 24 hours after a new one was made" in GUIDE
    assert "; three can be made in that time" in GUIDE
    assert (timedelta(days=1), 3) == (FORMER_SECRET_VALID_FOR, MAX_FORMER_SECRETS)
    assert f"for {KEPT_FOR.days} days" in GUIDE


def test_it_is_one_screen() -> None:
    assert len((ROOT / "docs/guides/webhooks.md").read_text().splitlines()) <= 65
