"""The two mails: their first texts, who is left out and why, and the values of each member."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from accounts.models import Brand
from affiliates.models import Member
from notifications.models import Message, MessageState, Purpose, SuppressionReason
from notifications.rendering import BrandStyle, missing_values, prepare, render
from notifications.services import confirm_campaign, erase_address, suppress
from offers.models import Enrollment, Offer, OfferStatus
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tracking.links.membership import deactivate_member, remove_from_offer
from tracking.links.promo_codes import give_codes
from tracking.outreach.audience import SUPPRESSED, Audience, Reason, audience
from tracking.outreach.first_texts import FIRST_TEXTS

pytestmark = pytest.mark.usefixtures("at_juniper")
ITEMS = Purpose.SALES_TRACKING_ITEMS


def look_at(
    enrollments: list[Enrollment], *, purpose: str = ITEMS, again: bool = False
) -> Audience:
    return audience(
        purpose=purpose,
        enrollments=Enrollment.objects.filter(pk__in=[row.pk for row in enrollments]),
        include_already_sent=again,
        now=NOW,
    )


def reasons(found: Audience) -> list[tuple[str, str]]:
    return [(str(one.member), one.reason) for one in found.left_out]


def everybody(cast: Cast) -> list[Enrollment]:
    return [cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow]


def test_each_member_gets_their_own_values(cast: Cast) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(sender_name="Ines")

    found = look_at(everybody(cast))

    assert found.left_out == ()
    assert [one.to_name for one in found.recipients] == [
        "Diego Arroyo",
        "June Okafor",
        "Mara Lindqvist",
    ]
    mara = found.recipients[2]
    assert (mara.recipient, mara.about) == (
        f"member:{cast.mara.pk}",
        f"enrollment:{cast.mara_in_glow.pk}",
    )
    assert mara.to_address == "mara@lindqvist.example"
    values = dict(mara.values)
    link, dashboard = values.pop("tracking_link"), values.pop("dashboard_link")
    assert str(link).startswith("http://testserver/r/")
    assert str(dashboard).startswith("http://testserver/d/")
    assert values == {
        "first_name": "Mara",
        "full_name": "Mara Lindqvist",
        "brand_name": "Juniper & Co",
        "offer_name": "Winter Glow creators",
        "promo_code": "MARA15",
        "commission": "10% of every sale",
        "sender_name": "Ines",
    }


def test_the_first_text_of_sales_tracking_items(cast: Cast) -> None:
    text = FIRST_TEXTS[ITEMS]
    assert text.subject == "Your {{ offer_name }} details from {{ brand_name }}"
    mail = prepare(subject=text.subject, body=text.body, style=BrandStyle())
    [mara] = look_at([cast.mara_in_glow]).recipients

    sent = render(mail, values=mara.values, unsubscribe_link="https://x.example/u/1")

    assert sent.subject == "Your Winter Glow creators details from Juniper & Co"
    assert sent.text.startswith(
        "Hi Mara,\n\nHere is everything you need to share Winter Glow creators.\n\n"
        f"Your code: MARA15\n\nYour link: {mara.values['tracking_link']}\n"
        "You earn 10% of every sale.\n"
    )
    assert f"View my performance stats: {mara.values['dashboard_link']}" in sent.text
    assert "Thanks,\nJuniper & Co" in sent.text
    assert f'href="{mara.values["dashboard_link"]}"' in sent.html
    assert ">View my performance stats</a>" in sent.html


def test_email_members_starts_as_a_welcome_of_the_same_shape(cast: Cast) -> None:
    text = FIRST_TEXTS[Purpose.EMAIL_MEMBERS]
    mail = prepare(subject=text.subject, body=text.body, style=BrandStyle())
    [mara] = look_at([cast.mara_in_glow], purpose=Purpose.EMAIL_MEMBERS).recipients

    sent = render(mail, values=mara.values, unsubscribe_link="https://x.example/u/1")

    assert sent.subject == "Welcome to Winter Glow creators by Juniper & Co"
    assert "Welcome to Winter Glow creators!" in sent.text
    assert f"View my performance stats: {mara.values['dashboard_link']}" in sent.text


@pytest.mark.parametrize(
    ("kind", "kept", "gone"),
    [("code", "Your code", "Your link"), ("link", "Your link", "Your code")],
)
def test_a_line_that_does_not_apply_to_the_offer_is_left_out(
    cast: Cast, kind: str, kept: str, gone: str
) -> None:
    enrollment = in_new_offer(cast.mara, kind)
    mail = prepare(
        subject=FIRST_TEXTS[ITEMS].subject, body=FIRST_TEXTS[ITEMS].body, style=BrandStyle()
    )
    [mara] = look_at([enrollment], purpose=Purpose.EMAIL_MEMBERS).recipients
    values = {**mara.values}
    values |= {name: "https://x.example" for name, value in values.items() if value == ""}

    sent = render(mail, values=values, unsubscribe_link="https://x.example/u/1")

    assert kept in sent.text
    assert gone not in sent.text
    assert gone not in sent.html


def in_new_offer(member: Member, kind: str) -> Enrollment:
    offer: Offer = create_offer(
        values=offer_values(name=f"Only {kind}", kind=kind),
        terms=TermsValues(percent_bp=500),
        by=SYSTEM,
        now=NOW,
    )
    [enrollment] = enroll(offer=offer, members=[member], by=SYSTEM, now=NOW)
    return enrollment


def test_who_has_no_items_yet_is_left_out_of_sending_them(cast: Cast) -> None:
    assert reasons(look_at([in_new_offer(cast.mara, "code")])) == [
        ("Mara Lindqvist", Reason.NO_CODE)
    ]
    assert reasons(look_at([in_new_offer(cast.mara, "link")])) == [
        ("Mara Lindqvist", Reason.NO_LINK)
    ]
    both = in_new_offer(cast.mara, "both")
    assert reasons(look_at([both])) == [("Mara Lindqvist", Reason.NO_ITEMS)]
    give_codes(codes={both.pk: "MARANEW"}, enrollments=[both], by=SYSTEM, now=NOW)
    assert reasons(look_at([both])) == [("Mara Lindqvist", Reason.NO_LINK)]


def test_who_has_no_items_yet_is_blocked_by_name_in_a_mail_that_needs_them(cast: Cast) -> None:
    text = FIRST_TEXTS[Purpose.EMAIL_MEMBERS]
    mail = prepare(subject=text.subject, body=text.body, style=BrandStyle())
    enrollment = in_new_offer(cast.mara, "code")

    [mara] = look_at([enrollment], purpose=Purpose.EMAIL_MEMBERS).recipients

    assert missing_values(mail, values=mara.values) == ("promo_code",)


def test_everyone_left_out_is_named_with_the_reason(cast: Cast) -> None:
    Member.objects.filter(pk=cast.mara.pk).update(email="")
    deactivate_member(enrollment=cast.diego_in_glow, by=SYSTEM, now=NOW)
    remove_from_offer(enrollment=cast.june_in_glow, by=SYSTEM, now=NOW)

    found = look_at(everybody(cast))

    assert found.recipients == ()
    assert reasons(found) == [
        ("Diego Arroyo", Reason.INACTIVE),
        ("June Okafor", Reason.REMOVED),
        ("Mara Lindqvist", Reason.NO_ADDRESS),
    ]


@pytest.mark.parametrize(
    "address",
    ["mära@bücher.example", f"mara@{'ü' * 70}.example", "mara@localhost", '"mara l"@shop.example'],
)
def test_an_address_that_no_server_understands_is_left_out(cast: Cast, address: str) -> None:
    Member.objects.filter(pk=cast.mara.pk).update(email=address)

    assert reasons(look_at([cast.mara_in_glow])) == [("Mara Lindqvist", Reason.BAD_ADDRESS)]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (SuppressionReason.UNSUBSCRIBED, Reason.UNSUBSCRIBED),
        (SuppressionReason.BOUNCED, Reason.BOUNCED),
        (SuppressionReason.COMPLAINED, Reason.COMPLAINED),
        (SuppressionReason.BY_STAFF, Reason.BY_STAFF),
        (SuppressionReason.DELETED, Reason.DELETED),
    ],
)
def test_a_suppressed_address_is_left_out(
    cast: Cast, why: SuppressionReason, reason: Reason
) -> None:
    suppress(address="MARA@lindqvist.example", reason=why, by=SYSTEM, now=NOW)

    assert reasons(look_at([cast.mara_in_glow])) == [("Mara Lindqvist", reason)]


def test_whoever_asked_to_be_deleted_and_is_added_again_is_left_out(cast: Cast) -> None:
    erase_address(address="mara@lindqvist.example", by=SYSTEM, now=NOW)

    assert reasons(look_at([cast.mara_in_glow])) == [("Mara Lindqvist", Reason.DELETED)]


@pytest.mark.parametrize("status", [OfferStatus.ENDED, OfferStatus.ARCHIVED])
def test_nobody_gets_items_of_an_offer_that_is_over(cast: Cast, status: OfferStatus) -> None:
    Offer.objects.filter(pk=cast.glow.pk).update(status=status)

    items, news = (
        look_at([cast.mara_in_glow], purpose=purpose) for purpose in (ITEMS, Purpose.EMAIL_MEMBERS)
    )

    assert (reasons(items), items.recipients) == ([("Mara Lindqvist", Reason.OVER)], ())
    assert len(news.recipients) == 1


def test_every_reason_of_the_suppression_list_has_its_words() -> None:
    assert SUPPRESSED.keys() == set(SuppressionReason)


def test_items_already_sent_are_a_choice(cast: Cast) -> None:
    send(cast, [cast.mara_in_glow])
    Message.objects.update(state=MessageState.ACCEPTED, settled_at=NOW - timedelta(days=2))

    found = look_at(everybody(cast))

    assert reasons(found) == [("Mara Lindqvist", Reason.ALREADY_SENT)]
    assert found.left_out[0].detail == "18 Nov"
    assert found.already_sent == 1
    assert len(look_at(everybody(cast), again=True).recipients) == 3
    assert len(look_at(everybody(cast), purpose=Purpose.EMAIL_MEMBERS).recipients) == 3


@pytest.mark.parametrize(
    ("state", "left_out"),
    [
        (MessageState.PENDING, "on its way"),
        (MessageState.UNKNOWN, "may have arrived"),
        (MessageState.FAILED, None),
        (MessageState.BOUNCED, None),
        (MessageState.CANCELLED, None),
    ],
)
def test_what_failed_can_be_sent_again_and_what_may_have_arrived_is_a_choice(
    cast: Cast, state: MessageState, left_out: str | None
) -> None:
    send(cast, [cast.mara_in_glow])
    Message.objects.update(state=state)

    details = [one.detail for one in look_at([cast.mara_in_glow]).left_out]

    assert details == ([] if left_out is None else [left_out])


def test_who_has_their_items_is_not_sent_them_because_a_second_mail_failed(cast: Cast) -> None:
    send(cast, [cast.mara_in_glow])
    Message.objects.update(state=MessageState.ACCEPTED, settled_at=NOW - timedelta(days=2))
    send(cast, [cast.mara_in_glow], again=True)
    Message.objects.exclude(state=MessageState.ACCEPTED).update(state=MessageState.FAILED)

    found = look_at([cast.mara_in_glow])

    assert [(one.reason, one.detail) for one in found.left_out] == [(Reason.ALREADY_SENT, "18 Nov")]


def send(cast: Cast, enrollments: list[Enrollment], *, again: bool = False) -> None:
    text = FIRST_TEXTS[ITEMS]
    confirm_campaign(
        purpose=ITEMS,
        about=f"offer:{cast.glow.pk}",
        title=cast.glow.name,
        subject=text.subject,
        body=text.body,
        recipients=look_at(enrollments, again=again).recipients,
        confirmation=uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


def test_the_audience_costs_the_same_for_one_and_for_three(
    cast: Cast, django_assert_num_queries: object
) -> None:
    for chosen in ([cast.mara_in_glow], everybody(cast)):
        with django_assert_num_queries(8):  # type: ignore[operator]
            look_at(chosen)
