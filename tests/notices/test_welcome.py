"""A member who joins is welcomed, where the brand wants that and staff have not written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from notices.choosing import set_kinds_sent
from notices.models import Notice, NoticeKind
from notices.reading import WELCOME_AFTER
from notices.retention import KEPT_FOR, delete_old
from notices.selectors import kinds_sent
from offers.models import Enrollment, Offer
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.notices.told import mails, only_mail, reasons, sweep
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.outreach.automatic_items import send_items

LATER = NOW + WELCOME_AFTER


@pytest.fixture
def juniper(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        sweep()  # what the cast's members joined before
        yield cast


def wanted(cast: Cast) -> None:
    set_kinds_sent(brand=cast.juniper, kinds=list(NoticeKind), by=SYSTEM, now=NOW)


def join(cast: Cast) -> tuple[Offer, Enrollment]:
    """Mara joins a new offer, and staff give her a code and a link."""
    terms = TermsValues(percent_bp=1_250)
    offer = create_offer(values=offer_values(name="Spring"), terms=terms, by=SYSTEM, now=NOW)
    [enrollment] = enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)
    codes = {enrollment.pk: "MARASPRING"}
    give_codes(codes=codes, enrollments=[enrollment], by=SYSTEM, now=NOW)
    give_links(enrollments=[enrollment], by=SYSTEM, now=NOW)
    return offer, enrollment


def test_no_brand_welcomes_before_it_says_so(juniper: Cast) -> None:
    assert NoticeKind.WELCOME not in kinds_sent()
    join(juniper)

    sweep()
    sweep(LATER)

    assert (mails(), reasons()) == ([], [])


def test_who_joins_is_mailed_their_code_and_what_they_earn(juniper: Cast) -> None:
    wanted(juniper)
    join(juniper)

    sweep()
    sweep(LATER - timedelta(seconds=1))
    assert mails() == []
    sweep(LATER)
    sweep(LATER)

    [(kind, address, subject)] = mails()
    assert (kind, address) == ("welcome", "mara@lindqvist.example")
    assert subject == "Welcome to Juniper & Co"
    text = only_mail().text
    assert "Spring" in text
    assert "You earn 12.5% of every sale." in text
    assert "Your code: MARASPRING" in text


def test_whom_staff_sent_their_items_is_not_welcomed_again(juniper: Cast) -> None:
    wanted(juniper)
    offer, enrollment = join(juniper)
    send_items(offer, [enrollment.pk], latest_seen=0, by=SYSTEM, now=NOW)

    sweep()
    sweep(LATER)

    assert mails() == []
    assert reasons()[-1] == "not_so"


def test_without_a_postal_address_nobody_is_welcomed(juniper: Cast) -> None:
    wanted(juniper)
    Brand.objects.filter(pk=juniper.juniper.pk).update(postal_address="")
    join(juniper)

    sweep()
    sweep(LATER)

    assert (mails(), reasons()[-1]) == ([], "no_postal")


def test_old_notices_are_deleted(juniper: Cast) -> None:
    wanted(juniper)
    join(juniper)
    sweep()
    sweep(LATER)
    Notice.objects.update(happened_at=NOW)

    assert delete_old(now=LATER + KEPT_FOR) == 0
    assert delete_old(now=LATER + KEPT_FOR + timedelta(seconds=1)) == 1
    assert not Notice.objects.exists()
