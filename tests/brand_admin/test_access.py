"""Who may open and change what in Home, Sales Tracking, Conversions, Payments and Settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Role, Staff
from accounts.services import give_role
from core.tenancy import acting_for
from payouts.ledger import due_entries
from payouts.services import record_payment
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, sell
from tests.cast import NOW, SYSTEM, Cast
from tests.factories import UserFactory
from tests.snapshot import snapshot

PAGES = [
    "home",
    "reporting",
    "reporting_csv",
    "conversions",
    "conversions_csv",
    "unattributed",
    "unattributed_csv",
    "payments",
    "payments_sent",
    "settings",
    "settings_staff",
    "developers",
    "settings_audit",
]
# Pages about one thing, the name of its id in the address, and how they are asked.
ABOUT_ONE = [
    ("offer_report", "offer_id", "get"),
    ("offer_export", "offer_id", "get"),
    ("offer_members", "offer_id", "post"),
    ("offer_add_members", "offer_id", "get"),
    ("offer_add_members", "offer_id", "post"),
    ("conversion", "conversion_id", "get"),
    ("payment", "payment_id", "get"),
    ("payment_statement", "payment_id", "get"),
    ("payment_return", "payment_id", "get"),
    ("payment_return", "payment_id", "post"),
    ("staff_role", "staff_id", "post"),
    ("staff_remove", "staff_id", "get"),
    ("staff_remove", "staff_id", "post"),
    ("key_revoke", "key_id", "get"),
    ("key_revoke", "key_id", "post"),
]
CHANGES: list[tuple[str, dict[str, str]]] = [
    ("offer_members", {"action": "remove", "confirmed": "1"}),
    ("offer_add_members", {"with_items": "on"}),
    ("conversions_judge", {"action": "reject", "reason": "No"}),
    ("unattributed_credit", {"action": "credit", "confirmed": "1", "reason": "No"}),
    ("payment_new", {"reference": "X"}),
    ("payment_return", {"state": "failed", "reason": "No"}),
    ("adjustment_new", {"kind": "bonus", "amount": "5", "note": "No"}),
    ("settings", {"name": "Vera's"}),
    ("settings_staff", {"email": "vera@juniper.example", "role": "owner"}),
    ("staff_role", {"role": "viewer"}),
    ("staff_remove", {}),
    ("developers", {"label": "mine"}),
    ("key_revoke", {}),
]
FOR_OWNERS = {"settings", "settings_staff", "staff_role", "staff_remove", "developers"} | {
    "key_revoke"
}


@pytest.fixture
def ids(cast: Cast) -> dict[str, int]:
    """One of each of Juniper's things, by the name of its id in an address."""
    conversion = sell(cast)
    sell(cast, "1002")
    with acting_for(cast.juniper):
        due = due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)
        payout = record_payment(
            member=cast.mara,
            currency="GBP",
            entry_ids=[due[0].pk],
            reference="",
            by=SYSTEM,
            now=NOW,
        )
        key: ApiKey = create_api_key(label="shop", by=SYSTEM, now=NOW).key
        owner = Staff.objects.get(user=cast.ines)
    return {
        "offer_id": cast.glow.pk,
        "conversion_id": conversion.pk,
        "payment_id": payout.pk,
        "staff_id": owner.pk,
        "key_id": key.pk,
    }


def with_id(name: str, ids: dict[str, int]) -> dict[str, int]:
    """The id that the address of `name` needs, if any."""
    wanted = next((key for page, key, _ in ABOUT_ONE if page == name), None)
    return {wanted: ids[wanted]} if wanted else {}


def ask(client: Client, method: str, address: str) -> Any:
    asking: Callable[..., Any] = getattr(client, method)
    return asking(address)


@pytest.mark.parametrize("name", PAGES)
def test_staff_of_every_role_read_every_page(name: str, cast: Cast, ids: dict[str, int]) -> None:
    for user in (cast.ines, cast.theo, cast.vera):
        assert desk_of(user).get(at(cast.juniper, name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_the_login(name: str, client: Client, cast: Cast) -> None:
    address = at(cast.juniper, name)

    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"] == f"/account/login/?next={address}"


@pytest.mark.parametrize("name", PAGES)
def test_a_brand_one_has_no_role_in_answers_like_one_that_is_not_there(
    name: str, cast: Cast
) -> None:
    otto = desk_of(cast.otto)

    foreign = otto.get(at(cast.juniper, name))
    missing = otto.get(at(cast.juniper, name).replace("/juniper/", "/nobody/"))

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content


@pytest.mark.parametrize(("name", "key", "method"), ABOUT_ONE)
def test_another_brands_thing_answers_like_one_that_is_not_there(
    name: str, key: str, method: str, cast: Cast, ids: dict[str, int]
) -> None:
    otto, before = desk_of(cast.otto), snapshot()

    foreign = ask(otto, method, at(cast.saltmarsh, name, **{key: ids[key]}))
    missing = ask(otto, method, at(cast.saltmarsh, name, **{key: 987_654_321}))

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content
    assert snapshot() == before


@pytest.mark.parametrize("name", ["payment_new", "adjustment_new"])
def test_another_brands_member_in_the_query_is_not_there_either(
    name: str, cast: Cast, ids: dict[str, int]
) -> None:
    otto, address = desk_of(cast.otto), at(cast.saltmarsh, name)
    queries = {
        "payment_new": "?currency=GBP&member=",
        "adjustment_new": "?enrollment=",
    }
    own = {"payment_new": cast.mara.pk, "adjustment_new": cast.mara_in_glow.pk}[name]

    foreign = otto.post(f"{address}{queries[name]}{own}")
    missing = otto.post(f"{address}{queries[name]}987654321")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content


@pytest.mark.parametrize(("name", "sent"), CHANGES)
def test_a_viewer_changes_nothing(
    name: str, sent: dict[str, str], cast: Cast, ids: dict[str, int]
) -> None:
    vera, before = desk_of(cast.vera), snapshot()
    ticked = {"selected": [cast.mara_in_glow.pk, ids["conversion_id"]]}

    response = vera.post(at(cast.juniper, name, **with_id(name, ids)), ticked | sent)

    assert response.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize(("name", "sent"), [row for row in CHANGES if row[0] in FOR_OWNERS])
def test_a_manager_does_not_administer(
    name: str, sent: dict[str, str], cast: Cast, ids: dict[str, int]
) -> None:
    theo, before = desk_of(cast.theo), snapshot()

    response = theo.post(at(cast.juniper, name, **with_id(name, ids)), sent)

    assert response.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("name", ["payment_new", "adjustment_new", "payment_return"])
def test_a_viewer_is_not_shown_how_to_pay(name: str, cast: Cast, ids: dict[str, int]) -> None:
    response = desk_of(cast.vera).get(at(cast.juniper, name, **with_id(name, ids)))

    assert response.status_code == 403


def test_ticked_rows_of_another_brand_are_left_alone(cast: Cast, ids: dict[str, int]) -> None:
    otto, before = desk_of(cast.otto), snapshot()
    removal = {"action": "remove", "confirmed": "1", "selected": cast.mara_in_glow.pk}
    verdict = {"action": "reject", "reason": "No", "selected": ids["conversion_id"]}

    otto.post(at(cast.saltmarsh, "offer_members", offer_id=cast.tide.pk), removal)
    otto.post(at(cast.saltmarsh, "conversions_judge"), verdict)
    otto.post(
        at(cast.saltmarsh, "offer_add_members", offer_id=cast.tide.pk), {"selected": cast.mara.pk}
    )

    assert snapshot() == before


def test_the_door_leads_into_the_only_brand(cast: Cast) -> None:
    response = desk_of(cast.theo).get("/admin/")

    assert response["Location"] == "/admin/juniper/"


def test_the_door_offers_several_brands(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        give_role(user=cast.theo, role=Role.VIEWER, by=SYSTEM, now=NOW)

    page = page_text(desk_of(cast.theo).get("/admin/"))

    assert "/admin/juniper/" in page
    assert "/admin/saltmarsh/" in page


def test_the_door_tells_a_person_without_a_brand_what_to_do(cast: Cast) -> None:
    nobody = UserFactory.create()

    assert "You are not on the staff of a brand" in desk_of(nobody).get("/admin/").content.decode()
