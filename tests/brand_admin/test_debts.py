"""A member who was paid too much is removed; the debt stays visible and can be written off."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from offers.models import EnrollmentStatus
from payouts.ledger import balances
from payouts.models import LedgerEntry
from payouts.services import adjust
from tests.answers import page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address
from tests.cast import NOW, SYSTEM, Cast, pay_all_due
from tracking.links.membership import remove_from_offer

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def indebted(cast: Cast) -> Cast:
    """Mara was paid £10.00, of which £8.00 was taken back afterwards."""
    for minor, note in ((1_000, "Bonus"), (-800, "Taken back")):
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=minor, note=note,
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        if minor > 0:
            pay_all_due(cast.mara)
    return cast


@pytest.fixture
def ines(cast: Cast) -> Client:
    """The browser of the owner, who may pay."""
    return desk_of(cast.ines)


def debt_of(cast: Cast) -> int:
    return balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk].debt_minor


def test_a_member_with_a_debt_is_removed_and_the_debt_stays_in_sight(
    indebted: Cast, ines: Client
) -> None:
    change = address("offer_members", indebted.glow.pk)
    form = {"action": "remove", "selected": str(indebted.mara_in_glow.pk)}

    asked = page_text(ines.post(change, form))
    ines.post(change, form | {"confirmed": "1"})

    assert "Paid too much: stays as a debt" in asked
    indebted.mara_in_glow.refresh_from_db()
    assert indebted.mara_in_glow.status == EnrollmentStatus.REMOVED
    assert debt_of(indebted) == 800
    member = page_text(ines.get(address("member", indebted.mara.pk)))
    assert "\N{MINUS SIGN}£8.00" in member
    assert address("debt_write_off", indebted.mara_in_glow.pk) in member
    due = page_text(ines.get(address("payments")))
    assert "See the debt" in due
    assert address("member", indebted.mara.pk) in due


def test_a_debt_is_written_off_with_a_reason(indebted: Cast, ines: Client) -> None:
    remove_from_offer(enrollment=indebted.mara_in_glow, by=SYSTEM, now=NOW)
    page = address("debt_write_off", indebted.mara_in_glow.pk)
    asked = page_text(ines.get(page))
    form = {"debt": "800", "confirmation": str(uuid.uuid4()), "note": "She has left"}

    unexplained = ines.post(page, form | {"note": ""})
    other = ines.post(page, form | {"debt": "700"})
    assert debt_of(indebted) == 800
    answer = ines.post(page, form, follow=True)

    assert "was paid <b>£8.00</b> more than they earned" in asked
    assert 'name="debt" value="800"' in asked
    assert unexplained.status_code == 422
    assert "The debt has changed meanwhile" in page_text(other)
    shown = page_text(answer)
    assert "£8.00 of Mara Lindqvist is written off." in shown
    assert "Write off" not in shown
    assert debt_of(indebted) == 0
    entry = LedgerEntry.objects.get(kind="write_off")
    assert (entry.amount_minor, entry.note) == (800, "She has left")
    assert "There is no debt" in page_text(ines.get(page))
    history = page_text(ines.get(address("member_history", indebted.mara.pk)))
    assert "Wrote off what was paid too much: She has left" in history


def test_who_may_not_pay_may_not_write_off(indebted: Cast) -> None:
    vera = desk_of(indebted.vera)
    page = address("debt_write_off", indebted.mara_in_glow.pk)
    form = {"debt": "800", "confirmation": str(uuid.uuid4()), "note": "x"}

    assert vera.get(page).status_code == 403
    assert vera.post(page, form).status_code == 403
    assert page not in page_text(vera.get(address("member", indebted.mara.pk)))
    assert debt_of(indebted) == 800
