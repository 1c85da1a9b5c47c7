"""What needs the member stands on top of the dashboard, and nowhere when nothing does."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import Enrollment, OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from payouts.models import PayoutDetails, PayoutState
from payouts.runs import confirm_run, draft_run
from payouts.services import return_payment
from tests.cast import Cast, offer_values
from tests.payouts.owing import earn
from tests.portal.conftest import Sell, new_terms, pay, reject, text_of
from tracking.links.membership import remove_from_offer


def needs(client: Client, path: str) -> str:
    """The words of the section, "" without one."""
    page = text_of(client, path)
    found = re.search(r'<section class="stack" aria-label="This needs you">(.*?)</section>', page)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def test_nothing_is_said_when_nothing_needs_the_member(
    client: Client, path: str, sell: Sell
) -> None:
    sell()

    assert needs(client, path) == ""


def test_a_payment_that_waits_for_details_is_not_on_the_way(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    PayoutDetails.objects.all().delete()
    sell()
    with acting_for(cast.juniper):
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=cast.by, now=cast.now,
        )  # fmt: skip
        confirm_run(run=run, by=cast.by, now=cast.now)

    money = client.get(path).context["money"]

    assert "pay you before it sees your payout details" in needs(client, path)
    assert (money.needs_details.minor, money.on_the_way.minor) == (842, 0)


def test_a_failed_payment_says_why_and_leads_to_the_details(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    payment = pay(cast)
    with acting_for(cast.juniper):
        return_payment(
            payout=payment, state=PayoutState.FAILED, reason="Account closed",
            by=cast.by, now=cast.now,
        )  # fmt: skip

    assert "Your payment of £8.42 failed Account closed." in needs(client, path)
    assert 'href="/portal/payout/"' in text_of(client, path)
    pay(cast, reference="BACS 2")
    assert needs(client, path) == ""


def test_a_rejected_sale_says_why_for_a_month(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    reject(cast, sell("OLD-0001", days_ago=31), "Too long ago to matter")
    assert needs(client, path) == ""
    reject(cast, sell("SHOP-0002", days_ago=3), "Bought for yourself")

    said = needs(client, path)

    assert "1 sale of the last 30 days was rejected" in said
    assert "£84.20, order ····0002: Bought for yourself" in said
    assert 'href="?status=rejected#conversions"' in text_of(client, path)


def test_coming_terms_are_announced(cast: Cast, client: Client, path: str) -> None:
    new_terms(cast, percent_bp=800)

    assert "Your commission changes on 20 Nov 2026 You earn 8" in needs(client, path)


def _end(cast: Cast) -> None:
    set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=cast.by, now=cast.now)


def _remove(cast: Cast) -> None:
    remove_from_offer(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)


@pytest.mark.parametrize("end", [_end, _remove])
def test_nothing_is_promised_when_it_is_over(
    cast: Cast, client: Client, path: str, end: Callable[[Cast], None]
) -> None:
    new_terms(cast, percent_bp=800, cap_minor=10_000, cap_period="month")
    with acting_for(cast.juniper):
        end(cast)

    page = text_of(client, path)

    assert "The commission you had" in page
    assert "Your commission changes" not in page
    assert "This will change" not in page
    assert "You can still earn" not in page


def test_what_waits_says_how_much_can_be_paid_next_and_when(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    new_terms(cast, percent_bp=1_000, hold_days=14)
    for number, minutes in (("1", 5), ("2", 6), ("3", 60 * 24 * 3)):
        sell(number, ordered_at=(cast.now + timedelta(minutes=minutes)).isoformat())

    assert "£16.84 from 4 Dec 2026" in text_of(client, path)


def test_a_pending_sale_shows_what_it_would_earn(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    new_terms(cast, percent_bp=1_000, approval="by_hand")
    sell(ordered_at=(cast.now + timedelta(minutes=5)).isoformat())

    page = text_of(client, path)

    assert '<span class="rows-amount muted">+£8.42</span>' in page


def test_choices_of_days_and_of_status_keep_each_other(
    client: Client, path: str, sell: Sell
) -> None:
    sell()

    page = text_of(client, f"{path}?range=7d&status=rejected").replace("&amp;", "&")

    assert 'href="?range=30d&status=rejected#numbers"' in page
    assert 'href="?range=7d&status=accepted#conversions"' in page
    assert 'href="?range=7d&show=all#conversions"' in page


def test_a_custom_range_keeps_the_chosen_status(client: Client, path: str, sell: Sell) -> None:
    sell()

    page = text_of(client, f"{path}?range=custom&status=rejected")

    form = page[page.index('class="range-form"') :]
    assert '<input type="hidden" name="status" value="rejected">' in form[: form.index("</form>")]


def test_the_rejected_ones_are_shown_in_the_range_that_is_open(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    reject(cast, sell(), "Cancelled")

    page = text_of(client, f"{path}?range=7d").replace("&amp;", "&")

    assert 'href="?range=7d&status=rejected#conversions"' in page


@pytest.mark.parametrize(
    ("hold_days", "words"),
    [
        (None, "Next payment: £8.42, payable now"),
        (14, "Next payment: £8.42, payable from 4 Dec 2026"),
    ],
)
def test_the_next_payment_and_its_day_stand_on_top(
    cast: Cast, client: Client, path: str, sell: Sell, hold_days: int | None, words: str
) -> None:
    assert "Next payment" not in text_of(client, path)
    if hold_days is not None:
        new_terms(cast, percent_bp=1_000, hold_days=hold_days)
        sell(ordered_at=(cast.now + timedelta(minutes=5)).isoformat())
    else:
        sell()

    page = text_of(client, path)

    assert words in page[: page.index('class="jumps"')]


@pytest.fixture
def elsewhere(cast: Cast) -> Enrollment:
    """Mara in another offer of the brand."""
    with acting_for(cast.juniper):
        other = create_offer(
            values=offer_values(name="Other"), terms=TermsValues(percent_bp=1_000), by=cast.by,
            now=cast.now,
        )  # fmt: skip
        [enrollment] = enroll(offer=other, members=[cast.mara], by=cast.by, now=cast.now)
    return enrollment


@pytest.mark.parametrize(
    ("elsewhere_minor", "words"),
    [
        (500, "Next payment: £8.42, payable now"),  # this offer's share
        (-500, "Next payment: £3.42, payable now"),
        (-842, ""),
        (-5_000, ""),
    ],
)
def test_what_another_offer_took_back_lowers_the_next_payment(
    cast: Cast, client: Client, path: str, sell: Sell, elsewhere: Enrollment,
    elsewhere_minor: int, words: str,
) -> None:  # fmt: skip
    sell()
    with acting_for(cast.juniper):
        earn(elsewhere, elsewhere_minor)

    assert client.get(path).context["money"].next_payment == words


@pytest.mark.parametrize(
    ("elsewhere_minor", "words"),
    [
        (-500, "Next payment: £3.42, payable from 4 Dec 2026"),
        (-5_000, ""),
    ],
)
def test_it_lowers_a_payment_that_is_held_too(
    cast: Cast, client: Client, path: str, sell: Sell, elsewhere: Enrollment,
    elsewhere_minor: int, words: str,
) -> None:  # fmt: skip
    new_terms(cast, percent_bp=1_000, hold_days=14)
    sell(ordered_at=(cast.now + timedelta(minutes=5)).isoformat())
    with acting_for(cast.juniper):
        earn(elsewhere, elsewhere_minor)

    assert client.get(path).context["money"].next_payment == words


def test_the_next_payment_waits_for_the_brands_minimum(
    cast: Cast, client: Client, path: str, sell: Sell, elsewhere: Enrollment
) -> None:
    sell()
    cast.juniper.minimum_payout_minor = 1_000
    cast.juniper.save(update_fields=["minimum_payout_minor"])

    below = client.get(path).context["money"].next_payment
    with acting_for(cast.juniper):
        earn(elsewhere, 158)
    reached = client.get(path).context["money"].next_payment

    assert below == "Next payment: when at least £10.00 is due. So far: £8.42"
    assert reached == "Next payment: £8.42, payable now"


def test_a_failed_payment_whose_money_was_taken_back_promises_nothing(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell()
    payment = pay(cast)
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, -842)
        return_payment(
            payout=payment, state=PayoutState.FAILED, reason="Account closed",
            by=cast.by, now=cast.now,
        )  # fmt: skip

    assert (
        "Account closed. Refunds or corrections since then took this money back, so it is not due."
    ) in needs(client, path)
