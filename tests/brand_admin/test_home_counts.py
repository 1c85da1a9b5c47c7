"""What needs a person today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from brand_admin.home import counts
from brand_admin.home.counts import what_needs_attention
from core.tenancy import acting_for
from notifications.models import MessageState, SuppressionReason
from notifications.services import suppress
from offers.models import Enrollment, OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, refund
from tests.factories import MemberMessageFactory
from tracking.links.membership import add_to_offer, deactivate_member
from tracking.models import Conversion
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund


@pytest.fixture(autouse=True)
def _at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def tell(enrollment: Enrollment, state: MessageState, *, days_ago: int = 0) -> None:
    """Send the member their items, with this outcome."""
    MemberMessageFactory.create(
        enrollment=enrollment, state=state, settled_at=NOW - timedelta(days=days_ago)
    )


def test_members_who_have_items_wait_for_their_mail(cast: Cast) -> None:
    assert what_needs_attention(now=NOW).not_sent == 3

    tell(cast.mara_in_glow, MessageState.ACCEPTED)

    assert what_needs_attention(now=NOW).not_sent == 2


@pytest.mark.parametrize(
    ("state", "waiting"),
    [
        (MessageState.PENDING, 2),
        (MessageState.RETRY, 2),
        (MessageState.SUBMITTING, 2),
        (MessageState.ACCEPTED, 2),
        (MessageState.DELIVERED, 2),
        (MessageState.UNKNOWN, 2),
        (MessageState.BOUNCED, 3),
        (MessageState.FAILED, 3),
        (MessageState.SUPPRESSED, 3),
        (MessageState.CANCELLED, 3),
    ],
)
def test_whose_mail_came_to_nothing_waits_still(
    state: MessageState, waiting: int, cast: Cast
) -> None:
    tell(cast.mara_in_glow, state)

    assert what_needs_attention(now=NOW).not_sent == waiting


def test_members_whose_address_is_suppressed_can_not_be_mailed(cast: Cast) -> None:
    suppress(address="MARA@lindqvist.example", reason=SuppressionReason.BOUNCED, by=SYSTEM, now=NOW)

    assert what_needs_attention(now=NOW).not_sent == 2


@pytest.mark.parametrize(("kind", "lacking"), [("code", 1), ("link", 1), ("both", 1)])
def test_members_who_lack_what_the_offer_gives_wait_for_it(
    kind: str, lacking: int, cast: Cast
) -> None:
    offer = create_offer(
        values=offer_values(name="Spring", kind=kind),
        terms=TermsValues(percent_bp=1_000),
        by=SYSTEM,
        now=NOW,
    )
    enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)
    assert what_needs_attention(now=NOW).without_items == lacking

    add_to_offer(offer=offer, members=[cast.mara], with_items=True, by=SYSTEM, now=NOW)

    assert what_needs_attention(now=NOW).without_items == 0


def test_inactive_members_and_paused_offers_need_nobody(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    assert what_needs_attention(now=NOW).not_sent == 2

    set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)

    found = what_needs_attention(now=NOW)
    assert (found.not_sent, found.without_items) == (0, 0)


def test_members_without_an_address_can_not_be_mailed(cast: Cast) -> None:
    cast.mara.email = ""
    cast.mara.save(update_fields=["email"])

    assert what_needs_attention(now=NOW).not_sent == 2


def test_failed_and_unknown_sends_are_told_apart_for_a_month(cast: Cast) -> None:
    tell(cast.mara_in_glow, MessageState.FAILED)
    tell(cast.mara_in_glow, MessageState.BOUNCED)
    tell(cast.diego_in_glow, MessageState.UNKNOWN)
    tell(cast.diego_in_glow, MessageState.FAILED, days_ago=31)

    found = what_needs_attention(now=NOW)

    assert (found.failed_sends, found.unknown_sends) == (2, 1)


def lose(order_id: str, *, days_ago: int) -> None:
    """An order of that day that no member is credited for."""
    at = (NOW - timedelta(days=days_ago)).isoformat()
    record_order(
        source="shop",
        order=order(order_id, promo_code=None, ordered_at=at),
        by=SYSTEM,
        now=NOW,
    )


def test_unattributed_orders_of_the_last_thirty_days_are_counted(cast: Cast) -> None:
    for number, days_ago in enumerate((0, 30, 31)):
        lose(f"{number}", days_ago=days_ago)
    record_order(source="shop", order=order("credited"), by=SYSTEM, now=NOW)

    found = what_needs_attention(now=NOW)

    assert (found.unattributed, found.unattributed_in_words) == (2, "2")
    assert found.recent_query == "?first=2026-10-21"


def test_many_unattributed_orders_are_counted_so_far(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MAX_COUNTED_ORDERS", 2)
    counts._unattributed.kept.clear()
    for number in range(4):
        lose(f"{number}", days_ago=number)

    found = what_needs_attention(now=NOW)

    counts._unattributed.kept.clear()
    assert (found.unattributed, found.unattributed_in_words) == (3, "more than 2")


def test_refunds_to_check_of_the_last_thirty_days_are_counted(cast: Cast) -> None:
    record_order(source="shop", order=order("1001"), by=SYSTEM, now=NOW)
    for number, days_ago in enumerate((0, 30, 31)):
        at = NOW - timedelta(days=days_ago)
        early = refund(f"R{number}", "not there", refunded_at=at.isoformat())
        record_refund(source="shop", refund=early, by=SYSTEM, now=at)
    record_refund(source="shop", refund=refund("fits", amount="1.00"), by=SYSTEM, now=NOW)

    found = what_needs_attention(now=NOW)

    assert (found.refunds, found.refunds_in_words) == (2, "2")


def test_nothing_of_another_brand_is_counted(cast: Cast) -> None:
    lose("1001", days_ago=0)
    record_refund(source="shop", refund=refund("R1", "not there"), by=SYSTEM, now=NOW)

    with acting_for(cast.saltmarsh):
        found = what_needs_attention(now=NOW)

    assert (found.pending, found.without_items, found.not_sent) == (0, 1, 0)
    assert (found.unattributed, found.refunds) == (0, 0)


def test_what_waits_for_its_payment_does_not_wait_for_staff(cast: Cast) -> None:
    with acting_for(cast.juniper):
        facts = order("1001", payment_status="pending")
        record_order(source="shop", order=facts, by=SYSTEM, now=NOW)
        assert Conversion.objects.get().status == "pending"

        found = what_needs_attention(now=NOW)

    assert found.pending == 0
