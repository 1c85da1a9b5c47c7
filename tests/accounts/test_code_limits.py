"""Where one network ends, and that the documents say the numbers that hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.code_limits import HOUR, LIMITS, MINUTE, Limit, networks_of
from tests.architecture.source import ROOT


@pytest.mark.parametrize(
    ("client", "narrow", "wide"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("", "unknown", "unknown"),
        ("unix:", "unknown", "unknown"),
    ],
)
def test_a_client_is_in_a_network_and_a_wide_one(client: str, narrow: str, wide: str) -> None:
    assert networks_of(client) == (narrow, wide)


def test_a_period_begins_with_the_full_minute_or_hour() -> None:
    now = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)

    assert Limit("x", 1, MINUTE).since(now) == datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
    assert Limit("x", 1, HOUR).since(now) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert Limit("x", 1, HOUR).left(now) == timedelta(minutes=25, seconds=4)


def test_the_documents_name_every_limit_with_its_number() -> None:
    text = (ROOT / "docs/production.md").read_text()
    said = re.findall(r"^\| ((?:codes|wrong [a-z ]+): [^|]+) \| ([\d,]+) \|", text, re.MULTILINE)

    assert {name: int(most.replace(",", "")) for name, most in said} == {
        limit.name: limit.max_count for limit in LIMITS
    }
