"""Members are told of sales: once each, once a day or at once, and only of those that count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import Creator
from core.mornings import next_morning
from core.tenancy import acting_for
from notices.choosing import set_kinds_wanted
from notices.models import Notice, NoticeKind, UnreadEntry
from notices.reading import AT_ONCE_AFTER, read_outbox
from offers.models import EnrollmentStatus
from offers.services import create_offer, enroll, set_enrollment_status
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tests.notices.told import mails, only_mail, reasons, sweep
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, ConversionStatus
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order, record_orders
from tracking.orders.sharing import Share, share_order

MARA, DIEGO = "mara@lindqvist.example", "diego@arroyo.example"
MORNING = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)  # in London, on the day after NOW


@pytest.fixture
def juniper(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        yield cast


def sell(order_id: str = "1001", *, days_ago: int = 0, **changes: object) -> Conversion:
    placed = (NOW - timedelta(days=days_ago, hours=1)).isoformat()
    facts = order(order_id, **({"ordered_at": placed} | changes))
    outcome = record_order(source="shop", order=facts, by=SYSTEM, now=NOW)
    assert outcome.conversion_id is not None, outcome.problems
    return Conversion.objects.get(pk=outcome.conversion_id)


def test_the_sales_of_a_day_are_one_mail_in_the_morning(juniper: Cast) -> None:
    first = sell("1001")
    sell("1002", amount="10.00")

    sweep(MORNING - timedelta(seconds=1))
    assert mails() == []
    for minutes in range(3):
        sweep(MORNING + timedelta(minutes=minutes))

    [(kind, address, subject)] = mails()
    assert (kind, address) == ("sales", MARA)
    assert subject.startswith("2 sales for Juniper & Co: you earn £")
    text = only_mail().text
    assert "20 Nov: £84.20, order ••••1001" in text or "£84.20, order" in text
    assert "Winter Glow creators" in text
    assert first.member_id == juniper.mara.pk


def test_a_mail_is_not_made_of_somebody_who_is_just_being_erased(juniper: Cast) -> None:
    sell()
    read_outbox(now=NOW)

    with CaptureQueriesContext(connection) as queries:
        sweep(MORNING)

    reading = [each["sql"] for each in queries if 'FROM "affiliates_member"' in each["sql"]]
    assert 'FOR NO KEY UPDATE OF "affiliates_member"' in reading[0]


@pytest.mark.parametrize(
    ("now", "zone", "then"),
    [
        ("2026-11-20T07:59+00:00", "Europe/London", "2026-11-20T08:00+00:00"),
        ("2026-11-20T08:00+00:00", "Europe/London", "2026-11-21T08:00+00:00"),
        ("2026-11-20T12:00+00:00", "America/New_York", "2026-11-20T08:00-05:00"),
        ("2026-11-20T13:00+00:00", "America/New_York", "2026-11-21T08:00-05:00"),
        ("2026-03-28T12:00+00:00", "Europe/Berlin", "2026-03-29T08:00+02:00"),
    ],
)
def test_the_hour_is_that_of_the_brands_time_zone(now: str, zone: str, then: str) -> None:
    found = next_morning(datetime.fromisoformat(now), ZoneInfo(zone))

    assert found == datetime.fromisoformat(then)


def test_who_wants_it_at_once_waits_only_for_the_rules_of_flags(juniper: Cast) -> None:
    set_kinds_wanted(
        member=juniper.mara, kinds=[NoticeKind.SALES], among=[NoticeKind.SALES], now=NOW,
        sales_at_once=True,
    )  # fmt: skip
    sell()

    sweep()
    assert mails() == []
    sweep(NOW + AT_ONCE_AFTER)

    assert [kind for kind, _, _ in mails()] == ["sales"]


def test_a_pending_sale_is_told_as_pending(juniper: Cast) -> None:
    sale = sell()
    Conversion.objects.filter(pk=sale.pk).update(status=ConversionStatus.PENDING)

    sweep()
    sweep(MORNING)

    assert "pending, you would earn" in only_mail().text
    assert "once Juniper & Co has accepted them" in only_mail().text


def test_a_sale_held_by_a_flag_is_told_once_it_is_accepted(juniper: Cast) -> None:
    sale = sell()
    Conversion.objects.filter(pk=sale.pk).update(status=ConversionStatus.PENDING, is_held=True)
    sweep()
    sweep(MORNING)
    assert (mails(), reasons()) == ([], ["not_so"])

    Conversion.objects.filter(pk=sale.pk).update(status=ConversionStatus.ACCEPTED, is_held=False)
    sweep(MORNING + timedelta(hours=1))
    sweep(MORNING + timedelta(days=1))

    assert len(mails()) == 1


def test_a_sale_that_was_rejected_before_the_mail_is_not_told(juniper: Cast) -> None:
    sale = sell()
    sweep()
    reject_conversions(conversion_ids=[sale.pk], reason="Own order", by=SYSTEM, now=NOW)

    sweep(MORNING)

    assert (mails(), reasons()) == ([], ["not_so"])


def test_a_sale_given_to_another_member_is_told_to_them_alone(juniper: Cast) -> None:
    sale = sell()
    sweep()
    share_order(
        order_id=sale.order_id, shares=[Share(juniper.diego_in_glow, 10_000)],
        reason="Diego's", by=SYSTEM, now=NOW,
    )  # fmt: skip

    sweep()
    sweep(MORNING)

    assert [(kind, address) for kind, address, _ in mails()] == [("sales", DIEGO)]


def test_old_orders_of_an_import_are_told_to_nobody(juniper: Cast) -> None:
    placed = (NOW - timedelta(days=8)).isoformat()
    record_orders(
        source="shop", orders=[order(str(number), ordered_at=placed) for number in range(200)],
        by=SYSTEM, now=NOW,
    )  # fmt: skip

    read_outbox(now=NOW)

    assert not UnreadEntry.objects.exists()
    assert not Notice.objects.exists()


def test_many_recent_orders_are_one_mail_that_lists_few(juniper: Cast) -> None:
    record_orders(
        source="shop", orders=[order(str(number)) for number in range(60)], by=SYSTEM, now=NOW
    )

    sweep()
    sweep(MORNING)

    assert "and 40 more" in only_mail().text


def test_who_is_out_of_the_offer_is_not_told(juniper: Cast) -> None:
    sell()
    sweep()
    set_enrollment_status(
        enrollment=juniper.mara_in_glow, status=EnrollmentStatus.INACTIVE, by=SYSTEM, now=NOW
    )

    sweep(MORNING)

    assert (mails(), reasons()) == ([], ["not_so"])


def test_several_offers_and_currencies_are_one_mail(juniper: Cast) -> None:
    other = create_offer(
        values=offer_values(name="Dollar club", currency="USD"),
        terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW,
    )  # fmt: skip
    [enrollment] = enroll(offer=other, members=[juniper.mara], by=SYSTEM, now=NOW)
    give_codes(codes={enrollment.pk: "MARAUSD"}, enrollments=[enrollment], by=SYSTEM, now=NOW)
    sell()
    sell("2001", promo_code="MARAUSD", currency="USD")

    sweep()
    sweep(MORNING)

    text = only_mail().text
    assert "Winter Glow creators" in text
    assert "Dollar club" in text
    assert " + US$" in mails()[0][2]


def test_it_is_in_the_creators_language(juniper: Cast) -> None:
    Creator.objects.filter(email=MARA).update(language="de")
    sell()

    sweep()
    sweep(MORNING)

    assert mails()[0][2].startswith("Ein Verkauf für Juniper & Co: Du verdienst")
