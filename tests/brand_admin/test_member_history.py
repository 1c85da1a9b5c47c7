"""The whole history of one member, and of nobody else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.details import tag_members
from brand_admin.members.history import member_history, offers_named_in
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, order, pay_all_due
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_order
from tracking.questions.services import ask_about_order

pytestmark = pytest.mark.usefixtures("at_juniper")


def live_through(cast: Cast) -> None:
    """Everything that can happen to Mara, and a little to Diego."""
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)
    ids = list(Conversion.objects.values_list("pk", flat=True))
    reject_conversions(conversion_ids=ids, reason="Returned", by=SYSTEM, now=NOW)
    accept_conversions(conversion_ids=ids, by=SYSTEM, now=NOW)
    for enrollment in (cast.mara_in_glow, cast.diego_in_glow):
        adjust(
            enrollment=enrollment,
            currency="GBP",
            amount_minor=700,
            note="Thanks",
            by=SYSTEM,
            now=NOW,
        )
    ask_about_order(
        enrollment=cast.mara_in_glow,
        order_reference="77",
        ordered_on=NOW.date(),
        note="",
        by=SYSTEM,
        now=NOW,
    )
    pay_all_due(cast.mara, reference="BACS")
    tag_members(member_ids=[cast.mara.pk, cast.diego.pk], tag="VIP", by=SYSTEM, now=NOW)


def test_it_tells_all_that_was_done_newest_first(cast: Cast) -> None:
    live_through(cast)

    told = [entry.action for entry in member_history(cast.mara.pk)]

    assert told == [
        "member.tagged",
        "payout.recorded",
        "question.asked",
        "ledger.adjusted",
        "conversion.accepted",
        "conversion.rejected",
        "link.given",
        "code.given",
        "enrollment.joined",
        "member.added",
    ]


def test_each_entry_names_its_offer(cast: Cast) -> None:
    live_through(cast)
    entries = list(member_history(cast.mara.pk))

    named = offers_named_in(entries)

    without = [entry.action for entry in entries if entry.target not in named]
    assert without == ["member.tagged", "payout.recorded", "member.added"]
    assert set(named.values()) == {"Winter Glow creators"}


def test_three_times_the_history_takes_as_many_queries(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            offers_named_in(list(member_history(cast.mara.pk)))
        return len(captured)

    live_through(cast)
    once = cost()
    for number in range(2):
        record_order(source="shop", order=order(f"2{number}"), by=SYSTEM, now=NOW)
        ids = list(Conversion.objects.values_list("pk", flat=True))
        reject_conversions(conversion_ids=ids, reason="Returned", by=SYSTEM, now=NOW)

    assert cost() == once == 7
