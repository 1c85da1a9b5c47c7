"""New terms for an offer, and its status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Member
from brand_admin.offers.words import in_brief
from notifications.models import Campaign, Message, Purpose
from offers.models import EnrollmentStatus, Offer, OfferStatus, Terms
from offers.selectors import terms_of
from offers.services import set_enrollment_status, set_offer_status, supersede_terms
from offers.structure import Rule, RuleKind, Tier
from offers.terms import OfferError, TermsValues
from tests.answers import page_text
from tests.brand_admin.staff import address
from tests.brand_admin.typed import terms, typed
from tests.cast import NOW, SYSTEM, Cast
from tracking.outreach.changing_terms import change_terms
from tracking.outreach.terms_mail import send_terms_mail

pytestmark = pytest.mark.usefixtures("at_juniper")


# --- new terms


def test_new_terms_are_a_new_version(cast: Cast, theo: Client) -> None:
    first = Terms.objects.filter(offer=cast.glow).values().get()

    response = theo.post(address("terms_new", cast.glow.pk), terms())

    assert response.status_code == 302
    old, new = Terms.objects.filter(offer=cast.glow).order_by("version")
    assert Terms.objects.filter(pk=old.pk).values().get() == first
    assert (new.version, new.percent_bp) == (2, 1_500)


def test_terms_can_be_planned_from_a_day_of_the_brand(cast: Cast, theo: Client) -> None:
    day = (timezone.now() + timedelta(days=30)).date()

    theo.post(address("terms_new", cast.glow.pk), terms(starts_on=day.isoformat()))

    starts = terms_of(cast.glow).latest.starts_at.astimezone(cast.juniper.zone)
    assert (starts.date(), starts.hour, starts.minute) == (day, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("percent", "140", "The rate must be between 0% and 100%."),
        ("fixed", "-1", "The amount can't be negative."),
        ("fixed", "1.2345", "GBP has at most 2 decimals."),
        ("hold_days", "x", "Enter a whole number."),
        ("starts_on", "2020-01-01", "Terms can't change the past: choose today or a later day."),
        ("starts_on", "9999-12-31", "That is too far away."),
    ],
)
def test_bad_terms_name_their_field_and_change_nothing(
    cast: Cast, theo: Client, field: str, value: str, message: str
) -> None:
    response = theo.post(address("terms_new", cast.glow.pk), terms(**{field: value}))

    assert response.status_code == 422
    assert response.context["form"].errors[field] == [message]
    assert Terms.objects.filter(offer=cast.glow).count() == 1


def test_terms_before_planned_ones_are_refused(cast: Cast, theo: Client) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000),
        starts_at=timezone.now() + timedelta(days=9),
        by=SYSTEM,
        now=NOW,
    )

    response = theo.post(address("terms_new", cast.glow.pk), terms())

    assert response.context["form"].errors["starts_on"] == [
        "New terms must start after the ones they supersede."
    ]
    assert Terms.objects.filter(offer=cast.glow).count() == 2


# --- status


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        ("active", "pause", "paused"),
        ("paused", "resume", "active"),
        ("active", "end", "ended"),
        ("ended", "resume", "active"),
        ("ended", "archive", "archived"),
        ("archived", "resume", "active"),
    ],
)
def test_staff_set_the_status(
    cast: Cast, theo: Client, before: str, action: str, after: str
) -> None:
    if before != cast.glow.status:
        set_offer_status(offer=cast.glow, status=OfferStatus(before), by=SYSTEM, now=NOW)

    asked = theo.get(address("offer_status", cast.glow.pk, action))
    theo.post(address("offer_status", cast.glow.pk, action))

    cast.glow.refresh_from_db()
    assert "with 3 members?" in asked.text
    assert cast.glow.status == after


def test_an_action_that_does_not_apply_changes_nothing(cast: Cast, theo: Client) -> None:
    response = theo.post(address("offer_status", cast.glow.pk, "resume"))

    cast.glow.refresh_from_db()
    assert response.headers["Location"] == address("offer", cast.glow.pk)
    assert (cast.glow.status, cast.glow.counting_changed_at) == ("active", NOW)
    assert theo.post(address("offer_status", cast.glow.pk, "explode")).status_code == 404


# --- the page that compares


def structured(**changes: str) -> dict[str, str]:
    """Terms with two tiers and two rules, as the form sends them."""
    rows = {
        "tiers-TOTAL_FORMS": "3", "tiers-INITIAL_FORMS": "0",
        "tiers-0-name": "Silver", "tiers-0-threshold": "1000", "tiers-0-percent": "12",
        "tiers-1-name": "Gold", "tiers-1-threshold": "5000.50", "tiers-1-percent": "15",
        "tiers-1-fixed": "1.00",
        "rules-TOTAL_FORMS": "3", "rules-INITIAL_FORMS": "0",
        "rules-0-kind": "product", "rules-0-value": "GIFT", "rules-0-percent": "0",
        "rules-1-kind": "new", "rules-1-fixed": "20",
    }  # fmt: skip
    return terms(cap="250", cap_period="month", per_click="0.05", tier_by="sales") | rows | changes


def test_nothing_is_saved_before_the_comparison_was_seen(cast: Cast, theo: Client) -> None:
    response = theo.post(address("terms_new", cast.glow.pk), structured(step="review"))

    assert response.status_code == 200
    assert response.context["preview"].conversions == 0
    assert ("tiers-0-name", "Silver") in response.context["carried"]
    assert Terms.objects.filter(offer=cast.glow).count() == 1


def test_tiers_that_pay_less_than_what_comes_before_are_pointed_out(
    cast: Cast, theo: Client
) -> None:
    review = structured(percent="14", fixed="", step="review")
    fine = theo.post(address("terms_new", cast.glow.pk), review | {"percent": "12"})
    falling = theo.post(address("terms_new", cast.glow.pk), review)

    assert "Silver pays less than the tier before it" in page_text(falling)
    assert "A higher tier pays less" not in page_text(fine)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tiers-1-fixed": ""}, "10% to 15% of every sale, 2 tiers"),
        ({}, "10% of every sale to 15% of every sale plus £1.00 for every sale, 2 tiers"),
        ({"tiers-0-name": "", "tiers-0-threshold": "", "tiers-0-percent": "",
          "tiers-1-fixed": ""}, "10% to 15% of every sale, 1 tier"),
    ],
)  # fmt: skip
def test_staff_read_in_brief_how_far_the_tiers_climb(
    cast: Cast, theo: Client, changes: dict[str, str], words: str
) -> None:
    theo.post(address("terms_new", cast.glow.pk), structured(percent="10", fixed="", **changes))

    in_force = in_brief(terms_of(cast.glow).latest, "GBP")
    assert in_force.replace("\N{NO-BREAK SPACE}", " ") == words
    assert in_force in theo.get(address("offers")).content.decode()


def test_tiers_rules_and_a_cap_are_saved(cast: Cast, theo: Client) -> None:
    theo.post(address("terms_new", cast.glow.pk), structured())

    saved = terms_of(cast.glow).latest
    assert saved.tier_list == (Tier("Silver", 100_000, 1_200), Tier("Gold", 500_050, 1_500, 100))
    assert saved.rule_list == (
        Rule(RuleKind.PRODUCT, "GIFT", 0),
        Rule(RuleKind.CUSTOMER, "new", 0, 2_000),
    )
    assert (saved.cap_minor, saved.cap_period, saved.per_click_minor) == (25_000, "month", 5)


def test_the_fixed_amount_after_a_refund_is_a_choice(cast: Cast, theo: Client) -> None:
    page = address("terms_new", cast.glow.pk)
    assert terms_of(cast.glow).latest.fixed_after_refund == "whole"

    theo.post(page, terms(fixed="2.00", fixed_after_refund="share"))

    assert terms_of(cast.glow).latest.fixed_after_refund == "share"
    assert '<option value="share" selected>' in page_text(theo.get(page))
    shown = page_text(theo.get(address("offer", cast.glow.pk)))
    assert "the amount for the sale falls in proportion" in shown
    assert "amount in proportion after a refund" in shown


def test_the_form_opens_with_the_terms_there_are(cast: Cast, theo: Client) -> None:
    theo.post(address("terms_new", cast.glow.pk), structured())

    html = page_text(theo.get(address("terms_new", cast.glow.pk)))

    for shown in ('value="Silver"', 'value="1000.00"', 'value="5000.50"', 'value="GIFT"'):
        assert shown in html


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tiers-1-threshold": "900"}, "must begin above the tier Silver"),
        ({"tiers-1-name": "silver"}, "Two tiers have the same name"),
        ({"tiers-1-name": ""}, "Every tier needs a name"),
        ({"tiers-1-threshold": ""}, "must begin above zero"),
        ({"tiers-1-percent": "140"}, "The rate must be between 0% and 100%."),
        ({"tier_by": "conversions"}, "Write how many conversions."),
        (
            {"rules-1-kind": "product", "rules-1-value": "gift", "rules-1-fixed": ""},
            "There are two rules for",
        ),
        ({"rules-0-fixed": "1"}, "A product or collection has a percentage only."),
        ({"rules-0-value": ""}, "Say which."),
        ({"rules-0-kind": ""}, "Choose what it is for, or empty the row."),
        ({"rules-2-percent": "7"}, "Choose what it is for, or empty the row."),
        ({"tiers-2-fixed": "5"}, "Every tier needs a name"),
        ({"rules-0-percent": "-1"}, "The rate must be between 0% and 100%."),
        ({"cap": "x"}, "Write a number, like 12.5."),
        ({"cap": "0"}, "A cap is more than zero. Leave it empty for no cap."),
        ({"cap": "0.00"}, "A cap is more than zero. Leave it empty for no cap."),
        ({"tiers-TOTAL_FORMS": "12"}, "at most 10"),
    ],
)
def test_tiers_and_rules_that_can_not_be_are_refused(
    cast: Cast, theo: Client, changes: dict[str, str], message: str
) -> None:
    response = theo.post(address("terms_new", cast.glow.pk), structured(**changes))

    assert response.status_code == 422
    assert message in page_text(response)
    assert Terms.objects.filter(offer=cast.glow).count() == 1


def test_terms_that_pay_nothing_are_saved_once_it_is_confirmed(cast: Cast, theo: Client) -> None:
    page = address("terms_new", cast.glow.pk)
    box = "Members earn nothing under these terms"
    assert box not in page_text(theo.get(page))

    asked = theo.post(page, terms(percent="0"))

    assert asked.status_code == 422
    assert box in page_text(asked)
    assert asked.context["form"].errors["may_pay_nothing"] == [
        "These terms pay nothing: confirm that this is meant."
    ]
    assert Terms.objects.filter(offer=cast.glow).count() == 1

    confirmed = terms(percent="0", may_pay_nothing="on")
    review = theo.post(page, confirmed | {"step": "review"})
    assert ("may_pay_nothing", "on") in review.context["carried"]
    theo.post(page, confirmed)
    assert terms_of(cast.glow).latest.percent_bp == 0


def test_an_offer_that_pays_nothing_is_made_once_it_is_confirmed(theo: Client) -> None:
    nothing = typed(percent="0", fixed="")
    before = Offer.objects.count()

    asked = theo.post(address("offer_new"), nothing)

    assert asked.status_code == 422
    assert "Members earn nothing under these terms" in page_text(asked)
    assert Offer.objects.count() == before

    theo.post(address("offer_new"), nothing | {"may_pay_nothing": "on"})
    assert terms_of(Offer.objects.get(name="Spring")).latest.percent_bp == 0


def test_a_button_adds_an_empty_row_and_loses_nothing(cast: Cast, theo: Client) -> None:
    response = theo.post(address("terms_new", cast.glow.pk), structured(more_tiers="1"))

    html = page_text(response)
    assert 'name="tiers-3-name"' in html
    assert 'value="Silver"' in html
    assert Terms.objects.filter(offer=cast.glow).count() == 1


def test_a_forged_number_of_rows_adds_none(cast: Cast, theo: Client) -> None:
    forged = structured(more_tiers="1") | {"tiers-TOTAL_FORMS": "9" * 5_000}

    assert theo.post(address("terms_new", cast.glow.pk), forged).status_code == 422


def test_the_second_to_save_is_warned_and_loses_nothing(cast: Cast, theo: Client) -> None:
    theo.post(address("terms_new", cast.glow.pk), terms(percent="20"))

    response = theo.post(address("terms_new", cast.glow.pk), structured())

    assert response.context["is_overtaken"] is True
    assert ("tiers-0-name", "Silver") in response.context["carried"]
    assert terms_of(cast.glow).latest.percent_bp == 2_000


def test_of_two_who_save_at_the_same_moment_one_is_refused(cast: Cast) -> None:
    seen = terms_of(cast.glow).latest

    def save() -> None:
        now = timezone.now()
        change_terms(
            offer=cast.glow, values=TermsValues(percent_bp=1_500), starts_at=now,
            tells_members=True, seen=seen, by=SYSTEM, now=now,
        )  # fmt: skip

    save()
    with pytest.raises(OfferError, match="somebody saved version 2 of the terms meanwhile"):
        save()

    assert Campaign.objects.count() == 1


def test_active_members_are_told_by_mail_once(cast: Cast, theo: Client) -> None:
    set_enrollment_status(
        enrollment=cast.diego_in_glow, status=EnrollmentStatus.INACTIVE, by=SYSTEM, now=NOW
    )

    theo.post(address("terms_new", cast.glow.pk), structured(tells_members="on"))

    campaign = Campaign.objects.get(purpose=Purpose.TERMS_CHANGED)
    latest = terms_of(cast.glow).latest
    before = terms_of(cast.glow).versions[0]
    again = send_terms_mail(terms=latest, before=before, by=SYSTEM, now=NOW)
    assert [one.pk for one in again] == [campaign.pk]
    told = Message.objects.filter(campaign=campaign).values_list("to_address", flat=True)
    assert sorted(told) == ["june@okafor.example", "mara@lindqvist.example"]
    assert "Silver, from £1,000.00 of sales: 12" in campaign.text
    assert "You earn 10" in campaign.text


def test_one_bad_address_does_not_keep_the_terms_from_the_rest(cast: Cast, theo: Client) -> None:
    Member.objects.filter(pk=cast.diego.pk).update(email="diego at home")

    theo.post(address("terms_new", cast.glow.pk), structured(tells_members="on"))

    told = Message.objects.filter(purpose=Purpose.TERMS_CHANGED)
    assert sorted(told.values_list("to_address", flat=True)) == [
        "june@okafor.example",
        "mara@lindqvist.example",
    ]


def test_nobody_is_told_when_staff_say_so(cast: Cast, theo: Client) -> None:
    theo.post(address("terms_new", cast.glow.pk), structured())

    assert terms_of(cast.glow).latest.version == 2
    assert not Campaign.objects.exists()


def test_a_new_offer_can_have_tiers_at_once(cast: Cast, theo: Client) -> None:
    theo.post(address("offer_new"), typed() | structured(), follow=True)

    made = Offer.objects.get(name="Spring")
    assert [tier.name for tier in terms_of(made).latest.tier_list] == ["Silver", "Gold"]
