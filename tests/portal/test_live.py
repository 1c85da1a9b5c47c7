"""An open dashboard asks again: the answer is empty while nothing changed, and whole after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from affiliates.services import change_member
from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from payouts.models import Payout, PayoutState
from payouts.services import adjust, mark_paid, return_payment
from tests.cast import Cast, offer_values, refund, release_to_brand
from tests.following import follow_link
from tests.payouts.owing import earn
from tests.portal.conftest import Sell, new_terms, path_of, pay, reject, text_of
from tests.snapshot import snapshot
from tracking.links.generating import deactivate_items
from tracking.links.membership import deactivate_member
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import make_deep_link
from tracking.models import Conversion, Question, TrackingLink
from tracking.orders.approval import accept_conversions
from tracking.orders.refunds import record_refund
from tracking.questions.services import ask_about_order, explain_question

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
QUERIES = 2  # whose link it is, and the version


def tag_of(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return str(answer["ETag"])


def ask_again(client: Client, address: str, tag: str) -> Any:
    return client.get(address, headers={"if-none-match": tag})


def test_nothing_changed_costs_two_small_queries_and_no_body(
    client: Client, path: str, sell: Sell, django_assert_num_queries: Any
) -> None:
    sell()
    tag = tag_of(client, path)
    before = snapshot()

    with django_assert_num_queries(QUERIES):
        answer = ask_again(client, path, tag)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == tag
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert snapshot() == before


def test_the_empty_answer_tells_how_current_the_page_is(
    cast: Cast, client: Client, path: str, time_machine: Any
) -> None:
    tag = tag_of(client, path)
    time_machine.move_to(cast.now + timedelta(minutes=7), tick=False)

    answer = ask_again(client, path, tag)

    assert answer.status_code == 304
    assert unquote(answer["Dashboard-Updated"]) == "Updated 12:07, London time"


def test_every_view_of_the_page_has_its_own_tag(client: Client, path: str) -> None:
    tags = {
        tag_of(client, path),
        tag_of(client, f"{path}?range=all"),
        tag_of(client, f"{path}?status=rejected"),
        tag_of(client, path, cookie="scheme=dark"),
    }

    assert len(tags) == 4


def test_one_members_tag_says_nothing_about_anothers_page(
    cast: Cast, client: Client, path: str
) -> None:
    answer = ask_again(client, path_of(cast.diego_in_glow), tag_of(client, path))

    assert answer.status_code == 200


def test_a_revoked_link_is_not_found_whatever_tag_is_told(
    cast: Cast, client: Client, path: str
) -> None:
    tag = tag_of(client, path)
    cast.mara_in_glow.link_version = 2
    with acting_for(cast.juniper):
        cast.mara_in_glow.save()

    assert ask_again(client, path, tag).status_code == 404


def a_click(cast: Cast) -> None:
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    follow_link(slug=slug, user_agent=PHONE, referrer="", now=cast.now)


def a_refund(cast: Cast) -> None:
    record_refund(
        refund=refund("R2", "1001", amount="1.00"), source="shop", by=cast.by, now=cast.now
    )


def a_payment_that_came_back(cast: Cast) -> None:
    return_payment(
        payout=Payout.objects.get(), state=PayoutState.FAILED, reason="Account closed",
        by=cast.by, now=cast.now,
    )  # fmt: skip


def a_payment_that_arrived(cast: Cast) -> None:
    payout = Payout.objects.get()
    Payout.objects.filter(pk=payout.pk).update(
        state=PayoutState.PROCESSING, settled_at=None, release=release_to_brand(cast.mara)
    )
    mark_paid(payout=payout, reference="BACS 2", by=cast.by, now=cast.now + timedelta(minutes=1))


def a_bonus(cast: Cast) -> None:
    adjust(
        enrollment=cast.mara_in_glow, currency="GBP", amount_minor=100, note="Bonus",
        by=cast.by, now=cast.now,
    )  # fmt: skip


def a_debt_in_another_offer(cast: Cast) -> None:
    other = create_offer(
        values=offer_values(name="Other"), terms=TermsValues(percent_bp=1_000), by=cast.by,
        now=cast.now,
    )  # fmt: skip
    [enrollment] = enroll(offer=other, members=[cast.mara], by=cast.by, now=cast.now)
    earn(enrollment, -100)


def a_question(cast: Cast) -> None:
    ask_about_order(
        enrollment=cast.mara_in_glow, order_reference="#77", ordered_on=cast.now.date(), note="",
        by=cast.by, now=cast.now,
    )  # fmt: skip


def an_answer(cast: Cast) -> None:
    explain_question(
        question=Question.objects.get(), text="It was another code.", by=cast.by, now=cast.now
    )


def a_rejection_and_an_acceptance_that_cancel_out(cast: Cast) -> None:
    rows = Conversion.objects.order_by("pk")
    reject_one, accept_one = rows[0], rows[1]
    reject(cast, reject_one, "Cancelled")
    accept_conversions(conversion_ids=[accept_one.pk], by=cast.by, now=cast.now)


CHANGES: dict[str, Callable[[Cast], object]] = {
    "a click": a_click,
    "a refund": a_refund,
    "a rejection": lambda cast: reject(cast, Conversion.objects.order_by("pk")[0], "Cancelled"),
    "a rejection and an acceptance that cancel out": a_rejection_and_an_acceptance_that_cancel_out,
    "a payment that came back": a_payment_that_came_back,
    "a payment that arrived": a_payment_that_arrived,
    "a bonus": a_bonus,
    "a debt in another offer": a_debt_in_another_offer,
    "an answer": an_answer,
    "new terms": new_terms,
    "a paused offer": lambda cast: set_offer_status(
        offer=cast.glow, status=OfferStatus.PAUSED, by=cast.by, now=cast.now
    ),
    "an inactive member": lambda cast: deactivate_member(
        enrollment=cast.mara_in_glow, by=cast.by, now=cast.now
    ),
    "an inactive code": lambda cast: deactivate_items(
        enrollment=cast.mara_in_glow, by=cast.by, now=cast.now
    ),
    "another code": lambda cast: give_codes(
        codes={cast.mara_in_glow.pk: "MARA20"}, enrollments=[cast.mara_in_glow],
        by=cast.by, now=cast.now,
    ),
    "a deep link": lambda cast: make_deep_link(
        enrollment=cast.mara_in_glow, destination_url="https://juniper.example/gift",
        by=cast.by, now=cast.now,
    ),
    "another name": lambda cast: change_member(
        member=cast.mara, email=cast.mara.email, first_name="Mára", last_name="L",
        by=cast.by, now=cast.now,
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_told(
    cast: Cast, client: Client, path: str, sell: Sell, change: str
) -> None:
    sell("1001", days_ago=1)
    reject(cast, sell("1002", days_ago=1), "Cancelled")
    pay(cast)
    with acting_for(cast.juniper):
        a_question(cast)
    tag = tag_of(client, path)
    assert ask_again(client, path, tag).status_code == 304

    with acting_for(cast.juniper):
        CHANGES[change](cast)

    assert ask_again(client, path, tag).status_code == 200


def test_a_new_sale_and_a_new_question_are_told(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    before = tag_of(client, path)
    sell()
    sold = tag_of(client, path)
    with acting_for(cast.juniper):
        a_question(cast)

    assert len({before, sold, tag_of(client, path)}) == 3


def test_what_another_member_sells_is_not(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    tag = tag_of(client, path)

    sell(promo_code="DIEGO10")

    assert ask_again(client, path, tag).status_code == 304


def test_a_hold_that_ends_and_a_day_that_ends_are_told(
    cast: Cast, client: Client, path: str, sell: Sell, time_machine: Any
) -> None:
    new_terms(cast, hold_days=2)
    sell(ordered_at=(cast.now + timedelta(minutes=5)).isoformat())
    time_machine.move_to(cast.now + timedelta(hours=1), tick=False)
    tag = tag_of(client, path)

    time_machine.move_to(cast.now + timedelta(hours=11), tick=False)
    assert ask_again(client, path, tag).status_code == 304
    time_machine.move_to(cast.now + timedelta(hours=13), tick=False)
    assert ask_again(client, path, tag).status_code == 200

    time_machine.move_to(cast.now + timedelta(days=2, minutes=4), tick=False)
    tag = tag_of(client, path)
    time_machine.move_to(cast.now + timedelta(days=2, minutes=6), tick=False)
    assert ask_again(client, path, tag).status_code == 200
    assert "Payable now" in text_of(client, path)
