"""New terms for an offer, and its status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.tenancy import acting_for
from offers.models import OfferStatus, Terms
from offers.selectors import terms_of
from offers.services import TermsValues, set_offer_status, supersede_terms
from tests.brand_admin.staff import address, logged_in
from tests.brand_admin.typed import terms
from tests.cast import NOW, SYSTEM, Cast


@pytest.fixture
def client(cast: Cast) -> Client:
    return logged_in(cast.theo)


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast):
    with acting_for(cast.juniper):
        yield


# --- new terms


def test_new_terms_are_a_new_version(cast: Cast, client: Client) -> None:
    first = Terms.objects.filter(offer=cast.glow).values().get()

    response = client.post(address("terms_new", cast.glow.pk), terms())

    assert response.status_code == 302
    old, new = Terms.objects.filter(offer=cast.glow).order_by("version")
    assert Terms.objects.filter(pk=old.pk).values().get() == first
    assert (new.version, new.percent_bp) == (2, 1_500)


def test_terms_can_be_planned_from_a_day_of_the_brand(cast: Cast, client: Client) -> None:
    day = (timezone.now() + timedelta(days=30)).date()

    client.post(address("terms_new", cast.glow.pk), terms(starts_on=day.isoformat()))

    starts = terms_of(cast.glow).latest.starts_at.astimezone(cast.juniper.zone)
    assert (starts.date(), starts.hour, starts.minute) == (day, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("percent", "140", "The rate must be between 0 % and 100 %."),
        ("fixed", "-1", "The amount can't be negative."),
        ("fixed", "1.234", "GBP has at most 2 decimals."),
        ("hold_days", "x", "Enter a whole number."),
        ("starts_on", "2020-01-01", "Terms can't change the past: choose today or a later day."),
        ("starts_on", "9999-12-31", "That is too far away."),
    ],
)
def test_bad_terms_name_their_field_and_change_nothing(
    cast: Cast, client: Client, field: str, value: str, message: str
) -> None:
    response = client.post(address("terms_new", cast.glow.pk), terms(**{field: value}))

    assert response.status_code == 422
    assert response.context["form"].errors[field] == [message]
    assert Terms.objects.filter(offer=cast.glow).count() == 1


def test_terms_before_planned_ones_are_refused(cast: Cast, client: Client) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(),
        starts_at=timezone.now() + timedelta(days=9),
        by=SYSTEM,
        now=NOW,
    )

    response = client.post(address("terms_new", cast.glow.pk), terms())

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
    cast: Cast, client: Client, before: str, action: str, after: str
) -> None:
    set_offer_status(offer=cast.glow, status=OfferStatus(before), by=SYSTEM, now=NOW)

    asked = client.get(address("offer_status", cast.glow.pk, action))
    client.post(address("offer_status", cast.glow.pk, action))

    cast.glow.refresh_from_db()
    assert "with 3 members?" in asked.text
    assert cast.glow.status == after


def test_an_action_that_does_not_apply_changes_nothing(cast: Cast, client: Client) -> None:
    response = client.post(address("offer_status", cast.glow.pk, "resume"))

    cast.glow.refresh_from_db()
    assert response.headers["Location"] == address("offer", cast.glow.pk)
    assert (cast.glow.status, cast.glow.counting_changed_at) == ("active", NOW)
    assert client.post(address("offer_status", cast.glow.pk, "explode")).status_code == 404
