"""Suppressed addresses come once, keep their first reason, and can be allowed again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from core.tenancy import acting_for
from notifications.erased import erased_form
from notifications.models import Suppression, SuppressionReason
from notifications.selectors import suppressed_among, suppressions
from notifications.services import suppress, unsubscribe, unsuppress
from tests.cast import NOW, SYSTEM, Cast

DELETED = SuppressionReason.DELETED


def test_an_address_is_suppressed_once_whatever_its_case(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert unsubscribe(address="Mara@Lindqvist.example", now=NOW)
        assert not suppress(
            address="mara@lindqvist.example",
            reason=SuppressionReason.BOUNCED,
            by=SYSTEM,
            now=NOW,
        )

        assert [(row.address, row.reason, row.since) for row in suppressions()] == [
            ("mara@lindqvist.example", SuppressionReason.UNSUBSCRIBED, NOW)
        ]
        assert suppressed_among(["MARA@lindqvist.example", "", "other@example.com"]) == {
            "mara@lindqvist.example": "unsubscribed"
        }


def test_many_addresses_are_answered_like_a_few(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [f"Person{number}@example.com" for number in range(20)]
    with acting_for(cast.juniper):
        unsubscribe(address=asked[3], now=NOW)
        suppress(address=erased_form(asked[5]), reason=DELETED, by=SYSTEM, now=NOW)
        suppress(address="another@example.com", reason=DELETED, by=SYSTEM, now=NOW)
        few = suppressed_among(asked)
        monkeypatch.setattr("notifications.selectors.MAX_LISTED_ADDRESSES", 10)

        assert suppressed_among(asked) == few
    assert few == {"person3@example.com": "unsubscribed", "person5@example.com": DELETED}


def test_an_erased_address_is_found_after_the_key_was_rotated(cast: Cast, settings: Any) -> None:
    former = ["the first", "the second"]
    settings.ERASED_KEYS = former
    with acting_for(cast.juniper):
        suppress(address=erased_form("old@example.com"), reason=DELETED, by=SYSTEM, now=NOW)
        settings.ERASED_KEYS = ["the newest", *former]
        suppress(address=erased_form("new@example.com"), reason=DELETED, by=SYSTEM, now=NOW)

        assert suppressed_among(["old@example.com", "new@example.com", "other@example.com"]) == {
            "old@example.com": DELETED,
            "new@example.com": DELETED,
        }
        assert unsuppress(address="old@example.com", by=SYSTEM, now=NOW)


def test_there_is_a_way_back_and_both_are_on_record(cast: Cast) -> None:
    with acting_for(cast.juniper):
        suppress(address="a@example.com", reason=SuppressionReason.COMPLAINED, by=SYSTEM, now=NOW)

        assert unsuppress(address="A@example.com", by=SYSTEM, now=NOW)
        assert not unsuppress(address="a@example.com", by=SYSTEM, now=NOW)

        assert Suppression.objects.count() == 0
        entries = AuditEntry.objects.filter(target="address").order_by("id")
        assert [(entry.action, entry.detail) for entry in entries] == [
            ("address.suppressed", {"address": "a@example.com", "reason": "complained"}),
            ("address.allowed", {"address": "a@example.com"}),
        ]
