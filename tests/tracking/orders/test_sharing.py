"""Staff give an order to another member, or share it among several; all figures follow."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from offers.models import Enrollment
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, give_details, pay_all_due, refund
from tests.tracking.orders.stating import LATER, at, lines, sell, state, stated
from tracking.models import Conversion, ConversionStatus, DailyTotal, Order
from tracking.orders.approval import reject_conversions
from tracking.orders.crediting import AttributionError, credit_by_own_evidence
from tracking.orders.exchange import DatedRate, save_rates
from tracking.orders.refunds import record_refunds
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def diego(cast: Cast) -> Enrollment:
    """Another member of the same offer."""
    return cast.diego_in_glow


def share(
    *shares: tuple[Enrollment, int], reason: str = "They made the video together"
) -> list[Conversion]:
    return share_order(
        order_id=Order.objects.get().pk,
        shares=[Share(enrollment, share_bp) for enrollment, share_bp in shares],
        reason=reason,
        by=SYSTEM,
        now=LATER,
    )


def row(enrollment: Enrollment) -> Conversion:
    return Conversion.objects.get(enrollment=enrollment)


def in_ledger(enrollment: Enrollment) -> int:
    return sum(
        LedgerEntry.objects.filter(enrollment=enrollment).values_list("amount_minor", flat=True)
    )


def consistent(cast: Cast) -> bool:
    connection.check_constraints()
    return list(differences(cast.juniper)) == []


def test_an_order_moves_to_another_member_with_all_its_figures(
    cast: Cast, diego: Enrollment
) -> None:
    sell(stated(lines=lines("100")))

    [moved] = share((diego, 10_000), reason="Wrong code in the video")

    lost = row(cast.mara_in_glow)
    assert (lost.status, lost.reason) == (ConversionStatus.REJECTED, "Wrong code in the video")
    assert (lost.commission_minor, in_ledger(cast.mara_in_glow)) == (0, 0)
    assert moved.enrollment == diego
    assert moved.share_reason == "Wrong code in the video"
    assert (moved.commission_minor, in_ledger(diego)) == (1_000, 1_000)
    days = DailyTotal.objects.filter(conversions__gt=0)
    assert [(day.enrollment_id, day.sales_minor) for day in days] == [(diego.pk, 10_000)]
    assert consistent(cast)


def test_and_back_again(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100")))
    share((diego, 10_000))

    [back] = share((cast.mara_in_glow, 10_000))

    assert (back.enrollment, back.status) == (cast.mara_in_glow, ConversionStatus.ACCEPTED)
    assert (in_ledger(cast.mara_in_glow), in_ledger(diego)) == (1_000, 0)
    assert consistent(cast)


def test_sale_refunds_and_commission_are_shared_to_the_penny(cast: Cast, diego: Enrollment) -> None:
    june = cast.june_in_glow
    sell(stated(lines=lines("0.50", "99.51")))

    share((cast.mara_in_glow, 3_334), (diego, 3_333), (june, 3_333))

    parts = [row(each) for each in (cast.mara_in_glow, diego, june)]
    assert sum(part.sale_minor for part in parts) == 10_001
    assert sorted(part.commission_minor for part in parts) == [333, 333, 334]
    record_refunds(
        source="api",
        refunds=[refund("R1", sku=None, quantity=None, amount="33.33", refunded_at=at(30))],
        by=SYSTEM,
        now=LATER,
    )
    parts = [row(each) for each in (cast.mara_in_glow, diego, june)]
    assert sum(part.refunded_minor for part in parts) == 3_333
    assert sorted(part.commission_minor for part in parts) == [222, 222, 223]
    state(stated(lines=lines("200")))
    assert sum(row(each).sale_minor for each in (cast.mara_in_glow, diego, june)) == 20_000
    assert consistent(cast)


def test_each_earns_by_the_terms_of_their_own(cast: Cast, diego: Enrollment) -> None:
    """The cap of the terms leaves each member what it leaves them."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, fixed_minor=500, cap_minor=700, cap_period="month"),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    sell(stated(lines=lines("100"), ordered_at=at(10)), now=LATER)
    assert row(cast.mara_in_glow).commission_minor == 700

    share((cast.mara_in_glow, 2_000), (diego, 8_000))

    assert row(cast.mara_in_glow).commission_minor == 300
    assert row(diego).commission_minor == 700
    assert [step["step"] for step in row(diego).explanation][-2:] == ["share", "capped"]
    assert consistent(cast)


def test_what_was_paid_is_corrected(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100")))
    give_details(cast.mara)
    pay_all_due(cast.mara, now=LATER)

    share((cast.mara_in_glow, 5_000), (diego, 5_000))

    assert (in_ledger(cast.mara_in_glow), in_ledger(diego)) == (-500, 500)
    assert consistent(cast)


def test_what_waits_for_a_decision_goes_on_waiting(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100"), payment_status="pending"))

    share((diego, 10_000))

    assert row(diego).status == ConversionStatus.PENDING
    state(stated(lines=lines("100"), payment_status="paid"))
    assert row(diego).commission_minor == 1_000
    assert row(cast.mara_in_glow).status == ConversionStatus.REJECTED
    assert consistent(cast)


@pytest.mark.parametrize(
    ("shares", "reason", "message"),
    [
        ([5_000, 4_999], "Why", "add up to 100"),
        ([10_001, -1], "Why", "more than 0"),
        ([10_000, 0], "Why", "more than 0"),
        ([5_000, 5_000], " ", "Say why"),
    ],
)
def test_impossible_shares_are_refused(
    cast: Cast, diego: Enrollment, shares: list[int], reason: str, message: str
) -> None:
    sell(stated(lines=lines("100")))

    with pytest.raises(AttributionError, match=message):
        share(*zip((cast.mara_in_glow, diego), shares, strict=True), reason=reason)
    assert row(cast.mara_in_glow).share_bp == 10_000


def test_an_order_that_staff_rejected_is_accepted_first(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100")))
    ids = [row(cast.mara_in_glow).pk]
    reject_conversions(conversion_ids=ids, reason="Fraud", by=SYSTEM, now=LATER)

    with pytest.raises(AttributionError, match="rejected"):
        share((cast.mara_in_glow, 5_000), (diego, 5_000))
    assert (in_ledger(cast.mara_in_glow), in_ledger(diego)) == (0, 0)


def test_nobody_is_named_twice_and_nobody_inactive_is_added(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100")))
    with pytest.raises(AttributionError, match="twice"):
        share((diego, 5_000), (diego, 5_000))
    Enrollment.objects.filter(pk=diego.pk).update(status="inactive")
    diego.refresh_from_db()

    with pytest.raises(AttributionError, match="not active"):
        share((diego, 10_000))


@pytest.mark.parametrize("share_bp", [0, 9_999, 5_000])
def test_the_database_refuses_shares_that_are_not_the_whole(cast: Cast, share_bp: int) -> None:
    sell(stated(lines=lines("100")))

    def set_it() -> None:
        Conversion.objects.update(share_bp=share_bp)
        connection.check_constraints()

    with pytest.raises(IntegrityError, match="add up"), transaction.atomic():
        set_it()


def test_the_database_refuses_a_second_whole_share(cast: Cast, diego: Enrollment) -> None:
    sell(stated(lines=lines("100")))
    share((diego, 10_000))

    with pytest.raises(IntegrityError, match="tracking_conversion_whole"), transaction.atomic():
        Conversion.objects.update(share_bp=10_000)


@pytest.mark.parametrize("rate", ["0.5", "0.3333", "7"])
def test_shares_of_a_converted_order_add_up(cast: Cast, diego: Enrollment, rate: str) -> None:
    save_rates([DatedRate(NOW.date(), "USD", "GBP", Decimal(rate))], by=SYSTEM, now=NOW)
    sell(stated("O", currency="USD", lines=lines("0.05"), ordered_at=at(-5)), now=LATER)
    pk = Order.objects.get().pk
    credit_by_own_evidence(order_ids=[pk], by=SYSTEM, now=LATER)
    returned = refund("R", "O", amount="0.02", currency="USD", refunded_at=at(-4))
    record_refunds(source="api", refunds=[returned], by=SYSTEM, now=LATER)
    whole = Conversion.objects.get()

    share((cast.mara_in_glow, 3_334), (diego, 3_333), (cast.june_in_glow, 3_333))

    for name in ("sale_minor", "refunded_minor"):
        parts = Conversion.objects.values_list(name, flat=True)
        assert sum(parts) == getattr(whole, name)
    assert all(row.refunded_minor <= row.sale_minor for row in Conversion.objects.all())
    assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize("price", ["0.05", "0.10", "0.15", "99.99"])
def test_shares_of_a_small_commission_add_up(cast: Cast, diego: Enrollment, price: str) -> None:
    """Half a penny is rounded up, but not once for each member."""
    sell(stated(lines=lines(price)))
    whole = row(cast.mara_in_glow).commission_minor

    for shares in (
        ((cast.mara_in_glow, 5_000), (diego, 5_000)),
        ((cast.mara_in_glow, 2_500), (diego, 5_000), (cast.june_in_glow, 2_500)),
        ((diego, 10_000),),
    ):
        share(*shares)
        assert sum(Conversion.objects.values_list("commission_minor", flat=True)) == whole
        assert consistent(cast)
