"""Members are told of their month once, in the first days of the next one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from notices.choosing import decline, set_kinds_sent
from notices.models import Notice, NoticeKind
from notices.month_mails import month_text, offer_months
from notices.months import summarise_months
from notices.sending import send_due
from offers.services import create_offer
from offers.terms import TermsValues
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due, refund
from tests.notices.told import mails, only_mail, reasons, sweep
from tests.paid_clicks import earn_by_clicks
from tracking.links.items import codes_and_links
from tracking.links.membership import add_to_offer
from tracking.models import PromoCode
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund

DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # in London
MONTH = NoticeKind.MONTH


@pytest.fixture
def juniper(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        set_kinds_sent(brand=cast.juniper, kinds=[MONTH], by=SYSTEM, now=NOW)
        yield cast


def sell(order_id: str, day: int, *, month: int = 11, **changes: object) -> None:
    placed = datetime(2026, month, day, 12, tzinfo=UTC)
    facts = order(order_id, ordered_at=placed.isoformat(), **changes)
    outcome = record_order(source="shop", order=facts, by=SYSTEM, now=NOW)
    assert outcome.conversion_id is not None, outcome.problems


def first_days(now: datetime = DECEMBER) -> None:
    """Do what the tasks do on the first days of a month."""
    summarise_months(now=now)
    send_due(now=now)


def test_a_month_is_told_once_with_its_weeks_and_the_month_before(juniper: Cast) -> None:
    sell("1", 3)
    sell("2", 17)
    sell("3", 18)
    sell("4", 5, month=10)
    sweep()

    first_days(DECEMBER - timedelta(seconds=1))
    assert mails() == []
    for hours in range(3):
        first_days(DECEMBER + timedelta(hours=hours))

    [(kind, address, subject)] = mails()
    assert (kind, address) == ("month", "mara@lindqvist.example")
    assert subject == "Your November 2026 with Juniper & Co: you earned £25.26"
    mail = only_mail()
    assert "In November 2026 you brought Juniper & Co 3 sales worth £252.60" in mail.text
    assert "1 Nov\N{EN DASH}7 Nov | £8.42" in mail.text
    assert "15 Nov\N{EN DASH}21 Nov | £16.84" in mail.text
    assert "29 Nov\N{EN DASH}30 Nov | £0.00" in mail.text
    assert "In October 2026 it was 1 sale, and £8.42." in mail.text
    assert 'width="50%"' in mail.html
    assert 'width="100%"' in mail.html


def test_refunds_and_payments_of_the_month_are_counted(juniper: Cast) -> None:
    sell("1", 3)
    sell("2", 4)
    record_refund(source="shop", refund=refund("R1", "2"), by=SYSTEM, now=NOW)
    pay_all_due(juniper.mara)

    first_days()

    assert "Paid to you in this month: £" in only_mail().text


def test_offers_without_sales_in_the_month_count_before_it_and_in_what_is_to_be_paid(
    juniper: Cast,
) -> None:
    terms = TermsValues(percent_bp=1_000)
    other = create_offer(values=offer_values(name="Spring"), terms=terms, by=SYSTEM, now=NOW)
    [spring] = add_to_offer(
        offer=other, members=[juniper.mara], with_items=True, by=SYSTEM, now=juniper.mara.joined_at
    )
    [code] = codes_and_links([spring.pk])[0].values()
    PromoCode.objects.filter(code=code).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    sell("1", 3)
    sell("2", 5, month=10, promo_code=code)

    first_days()

    text = only_mail().text
    assert "In October 2026 it was 1 sale, and £8.42." in text
    assert "Still to be paid: £16.84." in text
    adjust(
        enrollment=spring, currency="GBP", amount_minor=-5_000, note="Paid twice",
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    mara = offer_months(juniper.mara, date(2026, 11, 1))
    assert "to be paid" not in month_text(date(2026, 11, 1), mara, now=DECEMBER).body


def test_what_clicks_earned_is_told_with_the_sales(juniper: Cast) -> None:
    sell("1", 5, month=10)
    sell("2", 20)
    earn_by_clicks(juniper.mara, now=datetime(2026, 10, 20, tzinfo=UTC))
    earn_by_clicks(juniper.mara, offer_name="More clicks", per_click_minor=1_250)  # now

    first_days()

    [(_kind, _address, subject)] = mails()
    text = only_mail().text
    assert subject == "Your November 2026 with Juniper & Co: you earned £58.42"
    assert "1 sale worth £84.20, and earned £58.42" in text
    assert "More clicks | 0 | £50.00" in text
    assert "15 Nov\N{EN DASH}21 Nov | £58.42" in text
    assert "In October 2026 it was 1 sale, and £10.42." in text


def test_a_month_without_sales_is_not_told(juniper: Cast) -> None:
    sell("1", 5, month=10)

    first_days()

    assert mails() == []
    assert not Notice.objects.filter(kind=MONTH).exists()


def test_a_month_is_not_told_a_week_later(juniper: Cast) -> None:
    sell("1", 3)

    first_days(DECEMBER + timedelta(days=7))

    assert mails() == []


def test_without_a_postal_address_it_waits_for_one(juniper: Cast) -> None:
    sell("1", 3)
    Brand.objects.filter(pk=juniper.juniper.pk).update(postal_address="")
    first_days()
    assert mails() == []

    Brand.objects.filter(pk=juniper.juniper.pk).update(postal_address="1 Mill Lane\nLeeds")
    first_days(DECEMBER + timedelta(days=2))

    assert len(mails()) == 1


def test_who_does_not_want_it_gets_none(juniper: Cast) -> None:
    sell("1", 3)
    decline(address="mara@lindqvist.example", kind=MONTH, now=NOW)

    first_days()

    assert (mails(), reasons()) == ([], ["member_off"])


def test_a_brand_that_switched_it_off_sends_none(juniper: Cast) -> None:
    sell("1", 3)
    set_kinds_sent(brand=juniper.juniper, kinds=[], by=SYSTEM, now=NOW)

    first_days()

    assert (mails(), reasons()) == ([], [])
