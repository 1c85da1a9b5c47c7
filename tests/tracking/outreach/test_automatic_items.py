"""Items are sent automatically: once to each member who has them, if the brand wants that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Brand
from affiliates.models import Member
from core.references import Reference
from core.tenancy import acting_for, current_brand_id
from notifications.models import Campaign, Message, MessageState, Purpose, SuppressionReason
from notifications.services import cancel_campaign, pause_campaign, suppress
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, assemble, offer_values
from tests.notifications.senders import BODY, confirm, recipient
from tracking.links.membership import add_to_offer
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.outreach import automatic_items
from tracking.outreach.audience import audience
from tracking.outreach.automatic_items import send_for_all_brands, send_waiting_items
from tracking.outreach.unsent_items import never_tried, not_sent

PEOPLE = ["diego@arroyo.example", "june@okafor.example", "mara@lindqvist.example"]


@pytest.fixture
def automatic(cast: Cast) -> Iterator[Cast]:
    """Juniper sends items by itself; acting for it."""
    Brand.objects.filter(pk=cast.juniper.pk).update(sends_items_automatically=True)
    with acting_for(cast.juniper):
        yield cast


def written_to() -> list[str]:
    return sorted(Message.objects.values_list("to_address", flat=True))


def test_whoever_has_theirs_and_was_never_told_is_told_once(automatic: Cast) -> None:
    first = send_for_all_brands(now=NOW)
    again = send_for_all_brands(now=NOW + timedelta(minutes=1))

    campaign = Campaign.objects.get()
    assert (first, again) == ([campaign.pk], [])
    assert (campaign.purpose, campaign.about) == (
        Purpose.SALES_TRACKING_ITEMS,
        f"offer:{automatic.glow.pk}",
    )
    assert campaign.confirmed_by == "automatic sending"
    assert written_to() == PEOPLE
    assert not_sent().count() == never_tried().count() == 0


def test_items_wait_until_the_brand_has_a_postal_address(automatic: Cast) -> None:
    Brand.objects.filter(pk=automatic.juniper.pk).update(postal_address="")
    assert send_for_all_brands(now=NOW) == []

    Brand.objects.filter(pk=automatic.juniper.pk).update(postal_address="1 Test Street")
    assert len(send_for_all_brands(now=NOW)) == 1


def test_without_the_brands_word_nothing_is_sent(cast: Cast) -> None:
    assert send_for_all_brands(now=NOW) == []

    with acting_for(cast.juniper):
        assert Message.objects.count() == 0
        assert not_sent().count() == 3


def test_one_brands_word_is_not_anothers(automatic: Cast) -> None:
    send_for_all_brands(now=NOW)

    with acting_for(automatic.saltmarsh):
        assert Message.objects.count() == 0


def test_a_member_is_told_when_the_last_of_their_items_is_there(automatic: Cast) -> None:
    send_waiting_items(now=NOW)
    newcomer = Member.objects.create(email="new@example.com", first_name="New")
    [row] = enroll(offer=automatic.glow, members=[newcomer], by=SYSTEM, now=NOW)
    assert send_waiting_items(now=NOW) == []

    give_codes(codes={row.pk: "NEW10"}, enrollments=[row], by=SYSTEM, now=NOW)
    assert send_waiting_items(now=NOW) == []
    give_links(enrollments=[row], by=SYSTEM, now=NOW)
    [campaign] = send_waiting_items(now=NOW)

    message = Message.objects.get(campaign=campaign)
    assert message.to_address == "new@example.com"
    assert message.values["promo_code"] == "NEW10"


@pytest.mark.parametrize("state", list(MessageState))
def test_whatever_became_of_the_first_mail_there_is_no_second(
    state: MessageState, automatic: Cast
) -> None:
    send_waiting_items(now=NOW)
    Message.objects.update(state=state)

    assert send_waiting_items(now=NOW + timedelta(days=1)) == []


def test_what_staff_cancelled_is_not_sent_after_all(automatic: Cast) -> None:
    [campaign] = send_waiting_items(now=NOW)
    cancel_campaign(campaign=campaign, by=SYSTEM, now=NOW)

    assert send_waiting_items(now=NOW + timedelta(minutes=1)) == []


def test_a_text_that_was_cancelled_or_written_for_one_member_is_nobody_elses(
    automatic: Cast,
) -> None:
    about = f"offer:{automatic.glow.pk}"
    confirm([recipient(11), recipient(12)], about=about, subject="To all", body=BODY)
    wrong = confirm([recipient(13), recipient(14)], about=about, subject="Draft", body=BODY)
    cancel_campaign(campaign=wrong, by=SYSTEM, now=NOW)
    confirm([recipient(15)], about=about, subject="Dear Mara, sorry", body=BODY)

    [campaign] = send_waiting_items(now=NOW)

    assert campaign.subject == "To all"


def test_a_text_that_one_member_got_twice_is_nobody_elses(automatic: Cast) -> None:
    for _again in range(2):
        confirm([recipient(15)], about=f"offer:{automatic.glow.pk}", subject="Mara!", body=BODY)
    several = confirm(
        [recipient(11), recipient(12)], about=f"offer:{automatic.glow.pk}", subject="?", body=BODY
    )
    pause_campaign(campaign=several, by=SYSTEM, now=NOW)

    [campaign] = send_waiting_items(now=NOW)

    assert campaign.subject not in {"Mara!", "?"}


def test_a_text_sent_to_one_after_the_other_is_for_all(automatic: Cast) -> None:
    for number in (11, 12):
        confirm([recipient(number)], about=f"offer:{automatic.glow.pk}", subject="Hello", body=BODY)

    [campaign] = send_waiting_items(now=NOW)

    assert campaign.subject == "Hello"


def test_a_defect_in_one_brand_holds_up_no_other(
    automatic: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    Brand.objects.filter(pk=automatic.saltmarsh.pk).update(
        sends_items_automatically=True, postal_address="1 Test Street"
    )
    in_order, tried = automatic_items.send_waiting_items, list[int]()

    def fails_first(*, now: datetime) -> list[Campaign]:
        tried.append(current_brand_id())
        if len(tried) == 1:
            raise KeyError("what is stored of this brand")
        return in_order(now=now)

    monkeypatch.setattr(automatic_items, "send_waiting_items", fails_first)

    send_for_all_brands(now=NOW)

    assert sorted(tried) == sorted([automatic.juniper.pk, automatic.saltmarsh.pk])


def test_a_defect_in_one_offer_holds_up_no_other(
    automatic: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = create_offer(
        values=offer_values(name="Second"), terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW
    )
    add_to_offer(offer=second, members=[automatic.mara], with_items=True, by=SYSTEM, now=NOW)

    def fails_for_the_first(*, enrollments: Any, **others: Any) -> Any:
        if enrollments.filter(offer=automatic.glow).exists():
            raise KeyError("what is stored of this offer")
        return audience(enrollments=enrollments, **others)

    monkeypatch.setattr(automatic_items, "audience", fails_for_the_first)

    [campaign] = send_waiting_items(now=NOW)

    assert campaign.about == Reference.to(second)


def test_a_suppressed_address_is_left_out(automatic: Cast) -> None:
    suppress(address="mara@lindqvist.example", reason=SuppressionReason.BOUNCED, by=SYSTEM, now=NOW)

    send_waiting_items(now=NOW)

    assert written_to() == PEOPLE[:2]


def test_one_bad_address_does_not_hold_up_the_rest(automatic: Cast) -> None:
    Member.objects.filter(pk=automatic.diego.pk).update(email="diego at home")

    send_waiting_items(now=NOW)

    assert written_to() == PEOPLE[1:]


def test_whose_mail_would_have_a_hole_is_left_to_staff(automatic: Cast) -> None:
    """Staff wrote a text that needs a first name, and Diego has none."""
    text = "<p>Dear {{ first_name }}, your code is {{ promo_code }}</p>"
    earlier = [recipient(11), recipient(12)]
    confirm(earlier, about=f"offer:{automatic.glow.pk}", subject="Hello", body=text)
    Member.objects.filter(pk=automatic.diego.pk).update(first_name="")

    [campaign] = send_waiting_items(now=NOW)

    assert (campaign.subject, campaign.body) == ("Hello", text)
    told = Message.objects.filter(campaign=campaign).values_list("to_address", flat=True)
    assert sorted(told) == PEOPLE[1:]
    assert list(never_tried()) == [automatic.diego_in_glow]


def test_who_was_told_by_staff_meanwhile_is_not_told_again(
    automatic: Cast, monkeypatch: Any
) -> None:
    """Staff confirm between the query for waiting members and the sending."""

    def staff_are_quicker(**given: Any) -> Any:
        found = audience(**given)
        mara = [
            one for one in found.recipients if one.about == Reference.to(automatic.mara_in_glow)
        ]
        confirm(mara, about=f"offer:{automatic.glow.pk}")
        return found

    monkeypatch.setattr(automatic_items, "audience", staff_are_quicker)
    assert send_waiting_items(now=NOW) == []
    monkeypatch.undo()
    assert written_to() == ["mara@lindqvist.example"]

    assert len(send_waiting_items(now=NOW)) == 1
    assert written_to() == PEOPLE


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_once() -> None:
    cast = assemble()
    Brand.objects.filter(pk=cast.juniper.pk).update(sends_items_automatically=True)
    start = threading.Barrier(4)

    def sweep() -> None:
        start.wait()
        send_for_all_brands(now=NOW)
        connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(4)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()

    with acting_for(cast.juniper):
        assert Campaign.objects.count() == 1
        assert written_to() == PEOPLE
