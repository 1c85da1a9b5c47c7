"""Offers in the brand admin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Approval, Enrollment, Offer, OfferStatus, Terms
from offers.projects import add_to_project, create_project
from offers.selectors import terms_of
from offers.services import create_offer, set_offer_status, supersede_terms
from offers.terms import TermsValues
from tests.answers import page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address, csv_of, new_brand
from tests.brand_admin.typed import terms, typed
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tests.snapshot import snapshot
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def viewer(cast: Cast) -> Client:
    return desk_of(cast.vera)


def another(name: str, **changes: Any) -> Offer:
    values = offer_values(name=name, **changes)
    return create_offer(values=values, terms=TermsValues(percent_bp=500), by=SYSTEM, now=NOW)


# --- the list


def test_the_list_shows_terms_and_figures(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)

    text = theo.get(address("offers")).text

    assert "Winter Glow creators" in text
    assert "10% of every sale" in text
    assert "£84.20" in text
    assert "£8.42" in text
    assert "Tide" not in text


@pytest.mark.parametrize("offers", [1, 3])
def test_the_list_takes_the_same_queries_for_one_offer_and_for_three(
    theo: Client, offers: int, django_assert_num_queries: Any
) -> None:
    for number in range(offers - 1):
        another(f"Offer {number}")

    with django_assert_num_queries(8):
        response = theo.get(address("offers"))

    assert len(response.context["rows"]) == offers


def test_filters_search_status_and_kind(cast: Cast, theo: Client) -> None:
    codes = another("Codes", kind="code")
    paused = another("Paused one")
    set_offer_status(offer=paused, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)
    archived = another("Archived one")
    set_offer_status(offer=archived, status=OfferStatus.ARCHIVED, by=SYSTEM, now=NOW)

    def found(query: str) -> list[str]:
        rows = theo.get(address("offers", query=query)).context["rows"]
        return [row.offer.name for row in rows]

    assert found("sort=name") == ["Codes", "Paused one", "Winter Glow creators"]
    assert found("sort=-name") == ["Winter Glow creators", "Paused one", "Codes"]
    assert found("q=glow") == ["Winter Glow creators"]
    assert found("kind=code") == [codes.name]
    assert found("status=paused") == [paused.name]
    assert found("status=archived") == [archived.name]
    assert len(found("status=all")) == 4
    assert len(found("status=nonsense&kind=nonsense&sort=nonsense&page=nonsense")) == 3
    assert found("q=%00glow") == ["Winter Glow creators"]
    assert found("q=nothing") == []


def test_an_empty_brand_is_told_what_to_do(cast: Cast) -> None:
    new_brand("fresh", owner=cast.otto)

    text = desk_of(cast.otto).get(address("offers", slug="fresh")).text

    assert "No offers yet" in text
    assert address("offer_new", slug="fresh") in text


def test_the_export_holds_exactly_what_is_filtered(cast: Cast, theo: Client) -> None:
    another("Codes", kind="code")

    lines = csv_of(theo.get(address("offers_export", query="kind=both")))

    assert lines[0].startswith("name,status,kind,currency,terms")
    assert len(lines) == 2
    assert lines[1].startswith("Winter Glow creators,Active,Code and link,GBP,")


# --- create


def test_a_new_offer_is_what_was_typed(theo: Client) -> None:
    response = theo.post(address("offer_new"), typed())

    offer = Offer.objects.get(name="Spring")
    assert response.headers["Location"] == address("offer", offer.pk)
    assert (offer.kind, offer.currency, offer.click_window_days) == ("both", "GBP", 30)
    assert offer.allowed_domains == ["gifts.example"]
    assert (offer.deep_links_allowed, offer.remembers_customers) == (True, True)
    assert offer.customer_window_days == 90
    assert offer.code_pattern == "{FIRST_NAME}15"
    assert offer.ends_at == datetime(2027, 2, 1, tzinfo=UTC)
    terms = terms_of(offer).latest
    assert (terms.percent_bp, terms.fixed_minor, terms.hold_days) == (1_250, 200, 14)
    assert terms.approval == Approval.BY_HAND
    entry = AuditEntry.objects.get(action="offer.created", target=f"offer:{offer.pk}")
    assert "Theo Marsh" in entry.actor


def test_the_last_day_is_a_day_of_the_brand(cast: Cast) -> None:
    theo = desk_of(cast.otto)

    theo.post(address("offer_new", slug="saltmarsh"), typed(currency="USD"))

    with acting_for(cast.saltmarsh):
        assert Offer.objects.get(name="Spring").ends_at == datetime(2027, 2, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("name", "Winter Glow creators", "There is an offer 'Winter Glow creators' already."),
        ("name", "x" * 121, "at most 120 characters"),
        ("kind", "poster", "Select a valid choice."),
        ("currency", "XYZ", "Select a valid choice."),
        ("currency", "gbp", "Select a valid choice."),
        ("percent", "140", "The rate must be between 0% and 100%."),
        ("percent", "-1", "The rate must be between 0% and 100%."),
        ("percent", "10.005", "Use at most two decimals."),
        ("percent", "ten", "Write a number, like 12.5."),
        ("percent", "1e2", "Write a number, like 12.5."),
        ("percent", "NaN", "Write a number, like 12.5."),
        ("fixed", "-2.00", "The amount can't be negative."),
        ("fixed", "2.005", "GBP has at most 2 decimals."),
        ("fixed", "two", "Write a number, like 12.5."),
        ("fixed", "9" * 20, "The amount is too large."),
        ("hold_days", "-1", "greater than or equal to 0"),
        ("hold_days", "366", "less than or equal to 365"),
        ("approval", "maybe", "Select a valid choice."),
        ("destination_url", "", "This field is required."),
        ("destination_url", "not a url", "Enter a valid URL."),
        ("destination_url", "javascript:alert(1)", "Enter a valid URL."),
        (
            "destination_url",
            "ftp://juniper.example/",
            "The address must begin with http:// or https://.",
        ),
        ("allowed_domains", "https://gifts.example/", "is not a domain"),
        ("click_window_days", "0", "greater than or equal to 1"),
        ("click_window_days", "366", "less than or equal to 365"),
        ("customer_window_days", "0", "greater than or equal to 1"),
        ("customer_window_days", "3651", "less than or equal to 3650"),
        ("ends_on", "31/31/2027", "Enter a valid date."),
        ("ends_on", "9999-12-31", "That is too far away."),
        ("code_pattern", "{CITY}", "{CITY} is not known."),
        ("code_pattern", "{FIRST_NAME} 15%", "A code holds letters, digits, - and _ only."),
    ],
)
def test_bad_input_names_its_field_and_makes_nothing(
    theo: Client, field: str, value: str, message: str
) -> None:
    before = (Offer.objects.count(), Terms.objects.count(), AuditEntry.objects.count())

    response = theo.post(address("offer_new"), typed(**{field: value}))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert message in response.context["form"].errors[field][0]
    assert (Offer.objects.count(), Terms.objects.count(), AuditEntry.objects.count()) == before


def test_an_offer_that_would_end_before_it_begins_is_refused(theo: Client) -> None:
    before = snapshot()

    response = theo.post(address("offer_new"), typed(starts_on="2027-02-01", ends_on="2027-01-31"))

    assert response.status_code == 422
    assert response.context["form"].errors == {"ends_on": ["The end must be after the start."]}
    assert snapshot() == before


def test_an_offer_of_one_day_begins_and_ends_on_it(theo: Client) -> None:
    theo.post(address("offer_new"), typed(starts_on="2027-01-31", ends_on="2027-01-31"))

    offer = Offer.objects.get(name="Spring")
    assert offer.starts_at
    assert offer.ends_at == offer.starts_at + timedelta(days=1)


def test_terms_must_say_something(theo: Client) -> None:
    response = theo.post(address("offer_new"), typed(percent="", fixed=""))

    assert response.context["form"].errors["percent"] == ["Enter a percentage, an amount, or both."]
    assert not Offer.objects.filter(name="Spring").exists()


def test_an_amount_alone_is_terms_too(theo: Client) -> None:
    theo.post(address("offer_new"), typed(percent="", fixed="500", currency="JPY"))

    terms = terms_of(Offer.objects.get(name="Spring")).latest
    assert (terms.percent_bp, terms.fixed_minor) == (0, 500)


def test_an_offer_made_for_a_project_sets_up_its_stage(cast: Cast, theo: Client) -> None:
    project = create_project(name="Launch", by=SYSTEM, now=NOW)
    add_to_project(project=project, members=[cast.mara], by=SYSTEM, now=NOW)

    response = theo.post(address("offer_new", query=f"project={project.pk}"), typed())

    project.refresh_from_db()
    assert response.headers["Location"] == address("project", project.pk)
    assert project.offer.name == "Spring"
    assert Enrollment.objects.filter(offer=project.offer, member=cast.mara).exists()


def test_an_offer_for_another_brands_project_is_not_found(cast: Cast, theo: Client) -> None:
    with acting_for(cast.saltmarsh):
        foreign = create_project(name="Launch", by=SYSTEM, now=NOW)

    responses = [
        theo.post(address("offer_new", query=f"project={key}"), typed())
        for key in (foreign.pk, 10**12, "x")
    ]

    assert [response.status_code for response in responses] == [404, 404, 404]
    assert not Offer.objects.filter(name="Spring").exists()


# --- the page


def test_the_page_tells_the_terms_and_every_old_version(cast: Cast, theo: Client) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=2_000, fixed_minor=150, hold_days=7),
        starts_at=NOW + timedelta(hours=1),
        by=SYSTEM,
        now=NOW,
    )

    response = theo.get(address("offer", cast.glow.pk))

    assert [version.words for version in response.context["versions"]] == [
        "20% of every sale plus £1.50 for every sale",
        "10% of every sale",
    ]
    assert address("offer_report", cast.glow.pk) in page_text(response)


def test_an_offer_of_another_brand_answers_as_a_missing_one(cast: Cast, theo: Client) -> None:
    views = ("offer", "offer_edit", "terms_new")

    foreign = [theo.get(address(view, cast.tide.pk)) for view in views]
    missing = [theo.get(address(view, 10**12)) for view in views]

    assert [response.status_code for response in foreign] == [404, 404, 404]
    assert [r.content for r in foreign] == [r.content for r in missing]
    assert theo.post(address("offer_status", cast.tide.pk, "end")).status_code == 404
    with acting_for(cast.saltmarsh):
        assert Offer.objects.get(pk=cast.tide.pk).status == OfferStatus.ACTIVE


# --- edit


def test_an_edit_changes_the_offer_and_keeps_its_currency(cast: Cast, theo: Client) -> None:
    response = theo.post(
        address("offer_edit", cast.glow.pk),
        typed(name="Glow", currency="USD", ends_on="", version=1),
    )

    cast.glow.refresh_from_db()
    assert response.status_code == 302
    assert (cast.glow.name, cast.glow.currency, cast.glow.ends_at) == ("Glow", "GBP", None)
    assert terms_of(cast.glow).latest.version == 1


def test_an_edit_without_a_change_changes_nothing(cast: Cast, theo: Client) -> None:
    form = theo.get(address("offer_edit", cast.glow.pk)).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    same = {name: value for name, value in shown.items() if value not in (None, False)}
    before = Offer.objects.filter(pk=cast.glow.pk).values().get()

    theo.post(address("offer_edit", cast.glow.pk), same)

    assert Offer.objects.filter(pk=cast.glow.pk).values().get() == before


def test_a_taken_name_is_refused_on_edit(cast: Cast, theo: Client) -> None:
    another("Codes")

    response = theo.post(address("offer_edit", cast.glow.pk), typed(name="Codes", version=1))

    assert response.status_code == 422
    assert response.context["form"].errors["name"] == ["There is an offer 'Codes' already."]
    cast.glow.refresh_from_db()
    assert cast.glow.name == "Winter Glow creators"


# --- who may


def test_a_status_is_set_of_the_offer_that_was_seen(cast: Cast, theo: Client) -> None:
    path = address("offer_status", cast.glow.pk, "archive")
    seen = theo.get(path).context["offer"].version
    set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)

    answer = theo.post(path, {"version": seen}, follow=True)

    assert "was changed after you opened that page" in answer.text
    cast.glow.refresh_from_db()
    assert (cast.glow.status, cast.glow.version) == (OfferStatus.PAUSED, seen + 1)


def test_a_viewer_reads_and_changes_nothing(cast: Cast, viewer: Client) -> None:
    before = list(Offer.objects.order_by("pk").values())
    audited = AuditEntry.objects.count()

    posts = [
        viewer.post(address("offer_new"), typed()),
        viewer.post(address("offer_edit", cast.glow.pk), typed()),
        viewer.post(address("terms_new", cast.glow.pk), terms()),
        viewer.post(address("offer_status", cast.glow.pk, "end")),
    ]

    assert [response.status_code for response in posts] == [403, 403, 403, 403]
    assert list(Offer.objects.order_by("pk").values()) == before
    assert Terms.objects.filter(offer=cast.glow).count() == 1
    assert AuditEntry.objects.count() == audited
    page = viewer.get(address("offer", cast.glow.pk))
    assert page.status_code == 200
    assert "New terms" not in page_text(page)
    assert "Add offer" not in viewer.get(address("offers")).text


def test_an_outsider_finds_no_such_brand(cast: Cast) -> None:
    outsider = desk_of(cast.otto)

    assert outsider.get(address("offers")).status_code == 404
    assert outsider.post(address("offer_status", cast.glow.pk, "end")).status_code == 404
    cast.glow.refresh_from_db()
    assert cast.glow.status == OfferStatus.ACTIVE
