"""Suppressed addresses come once, keep their first reason, and can be allowed again."""

from __future__ import annotations

from accounts.models import AuditEntry
from core.tenancy import acting_for
from notifications.models import Suppression, SuppressionReason
from notifications.selectors import suppressed_among, suppressions
from notifications.services import suppress, unsubscribe, unsuppress
from tests.cast import NOW, SYSTEM, Cast


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
