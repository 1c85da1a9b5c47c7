"""What a cap leaves follows from all facts of its period, in whatever sequence they arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from offers.services import supersede_terms
from offers.structure import CapPeriod, Tier
from offers.terms import TermsValues
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, refund
from tests.following import follow_link
from tests.tracking.orders.stating import LATER, at, earned, lines, sell, state, stated
from tracking.commissions.click_earnings import credit_clicks
from tracking.models import ClickEarning, Conversion, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.refunds import record_refunds, undo_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


def terms(cast: Cast, *, after_minutes: int = 1, **values: object) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(**values),  # type: ignore[arg-type]
        starts_at=NOW + timedelta(minutes=after_minutes),
        by=SYSTEM,
        now=NOW,
    )


def capped(cast: Cast, minor: int = 10_000) -> None:
    """A tenth of each sale, at most `minor` a month, from a minute after noon on."""
    terms(cast, percent_bp=1_000, cap_minor=minor, cap_period=CapPeriod.MONTH)


def sold(order_id: str, price: str, minutes: int, *, now: datetime = LATER) -> None:
    sell(stated(order_id, lines=lines(price), ordered_at=at(minutes)), now=now)


def give_back(order_id: str, *, amount: str | None = None) -> None:
    whole = refund(
        f"R{order_id}", order_id, sku=None, quantity=None, amount=amount, refunded_at=at(50)
    )
    record_refunds(source="api", refunds=[whole], by=SYSTEM, now=LATER)


def of(order_id: str) -> int:
    """What the order earns, in minor units; the ledger has the same."""
    row = Conversion.objects.get(order__external_id=order_id)
    entries = LedgerEntry.objects.filter(conversion_id=row.pk)
    assert sum(entries.values_list("amount_minor", flat=True)) == row.commission_minor
    return row.commission_minor


def id_of(order_id: str) -> list[int]:
    return list(Conversion.objects.filter(order__external_id=order_id).values_list("pk", flat=True))


def test_what_a_refund_frees_goes_to_the_order_that_was_kept(cast: Cast) -> None:
    capped(cast)
    sold("first", "1000", 10)
    sold("second", "1000", 11)
    assert (of("first"), of("second")) == (10_000, 0)

    give_back("first")

    assert (of("first"), of("second")) == (0, 10_000)
    undo_refund(source="api", external_id="Rfirst", by=SYSTEM, now=LATER)
    assert (of("first"), of("second")) == (10_000, 0)
    assert list(differences(cast.juniper)) == []


def test_so_does_what_a_rejection_or_a_cancellation_frees(cast: Cast) -> None:
    capped(cast)
    for number in range(3):
        sold(f"{number}", "1000", 10 + number)

    reject_conversions(conversion_ids=id_of("0"), reason="Their own order", by=SYSTEM, now=LATER)
    assert [of("0"), of("1"), of("2")] == [0, 10_000, 0]

    state(stated("1", lines=lines("1000"), ordered_at=at(11), cancelled_at=at(30)))
    assert [of("0"), of("1"), of("2")] == [0, 0, 10_000]

    accept_conversions(conversion_ids=id_of("0"), by=SYSTEM, now=LATER)
    assert [of("0"), of("1"), of("2")] == [10_000, 0, 0]
    assert list(differences(cast.juniper)) == []


def test_a_late_order_takes_its_place_before_later_ones(cast: Cast) -> None:
    capped(cast)
    sold("later", "1000", 20)
    sold("latest", "500", 30)

    sold("late", "400", 10)

    assert (of("late"), of("later"), of("latest")) == (4_000, 6_000, 0)
    corrections = LedgerEntry.objects.filter(amount_minor__lt=0)
    assert [entry.amount_minor for entry in corrections] == [-4_000]
    assert list(differences(cast.juniper)) == []


def test_an_order_before_the_cap_began_uses_it_and_is_not_cut(cast: Cast) -> None:
    capped(cast)
    sold("capped", "1000", 10)

    sold("before", "700", 0)

    assert (of("before"), of("capped")) == (7_000, 3_000)


def test_the_clicks_of_a_day_come_after_its_orders(cast: Cast) -> None:
    terms(cast, percent_bp=1_000, per_click_minor=600, cap_minor=1_000, cap_period=CapPeriod.DAY)
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    for minutes in (2, 3):
        follow_link(
            slug=slug,
            user_agent=f"{PHONE} {minutes}",
            referrer="",
            now=NOW + timedelta(minutes=minutes),
        )
    credit_clicks(now=LATER)
    assert ClickEarning.objects.get().amount_minor == 1_000

    sold("1", "70", 5)

    assert (of("1"), ClickEarning.objects.get().amount_minor, earned()) == (700, 300, 1_000)
    give_back("1", amount="20.00")
    assert (of("1"), ClickEarning.objects.get().amount_minor, earned()) == (500, 500, 1_000)
    assert list(differences(cast.juniper)) == []


def in_one_batch(orders: Sequence[tuple[str, str, int]]) -> None:
    facts = [
        stated(name, lines=lines(price), ordered_at=at(minutes)) for name, price, minutes in orders
    ]
    sell(*facts, now=LATER)


def one_by_one(orders: Sequence[tuple[str, str, int]]) -> None:
    for name, price, minutes in orders:
        sold(name, price, minutes)


@pytest.mark.parametrize("recorded", [in_one_batch, one_by_one])
def test_a_batch_over_several_versions_of_the_terms_equals_one_by_one(
    cast: Cast, recorded: Callable[[Sequence[tuple[str, str, int]]], None]
) -> None:
    tier = Tier(name="Gold", threshold=30_000, percent_bp=2_000)
    better = Tier(name="Gold", threshold=30_000, percent_bp=3_000)
    terms(cast, after_minutes=10, percent_bp=500, tiers=(tier,))
    terms(
        cast, after_minutes=20, percent_bp=100, tiers=(better,), cap_minor=24_000,
        cap_period=CapPeriod.MONTH,
    )  # fmt: skip

    recorded([("1", "1000", 5), ("2", "100", 11), ("3", "500", 12), ("4", "100", 21)])

    first = Conversion.objects.get(order__external_id="1").commission_minor
    assert [of("2"), of("3"), of("4")] == [2_000, 10_000, min(3_000, 24_000 - 12_000 - first)]
    assert [row.tier for row in Conversion.objects.order_by("occurred_at")] == [0, 1, 1, 1]


def test_every_sequence_of_arrival_ends_the_same(cast: Cast) -> None:
    """Orders of two days and both sides of the cap's beginning, refunds, and a rejection."""
    capped(cast, 5_000)
    day = 24 * 60
    acts: list[Callable[[], None]] = [
        lambda: sold("0", "200", 0),
        lambda: sold("1", "300", 10),
        lambda: sold("2", "150", 10),
        lambda: sold("3", "250", 40 - day),
        lambda: give_back("1", amount="120.00"),
    ]
    ends = set()
    for sequence in list(permutations(acts))[::7]:  # 18 of 120
        with transaction.atomic():
            for act in sequence:
                act()
            reject_conversions(conversion_ids=id_of("2"), reason="No", by=SYSTEM, now=LATER)
            accept_conversions(conversion_ids=id_of("2"), by=SYSTEM, now=LATER)
            ends.add(tuple(of(name) for name in "0123"))
            transaction.set_rollback(True)
    assert len(ends) == 1


def test_days_between_two_changed_ones_are_left_alone(cast: Cast) -> None:
    """Of a cap per day: who rejects two orders a year apart does not lock the orders between."""
    terms(cast, percent_bp=1_000, cap_minor=10_000, cap_period=CapPeriod.DAY)
    days = {"first": 10, "between": 10 + 2 * 1_440, "last": 10 + 4 * 1_440}
    now = NOW + timedelta(days=5)
    for name, minutes in days.items():
        sold(name, "800", minutes, now=now)
        sold(f"{name}, later", "800", minutes + 1, now=now)

    with CaptureQueriesContext(connection) as captured:
        reject_conversions(
            conversion_ids=id_of("first") + id_of("last"), reason="No", by=SYSTEM, now=now
        )

    locking = [query["sql"] for query in captured if "FOR UPDATE" in query["sql"]]
    locked = re.findall(r'"tracking_conversion"."id" IN \(([\d, ]+)\)', " ".join(locking))
    expected = [id_of(name) for name in ("first", "first, later", "last", "last, later")]
    assert {int(pk) for ids in locked for pk in ids.split(",")} == {pk for [pk] in expected}
    assert [of(name) for name in days] == [0, 8_000, 0]
    assert [of(f"{name}, later") for name in days] == [8_000, 2_000, 8_000]
    assert list(differences(cast.juniper)) == []
