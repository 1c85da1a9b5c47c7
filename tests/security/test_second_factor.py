"""A brand that requires a second factor opens to nobody who has not used one, by whatever way."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client

from accounts import one_time_login
from accounts.api_keys import create_api_key
from accounts.models import AuditEntry, Brand, Role, User
from accounts.second_factor import SecondFactorError, set_second_factor_required
from accounts.services import give_role
from core.tenancy import acting_for
from tests.answers import page_text
from tests.architecture.routes import in_brand_admin
from tests.architecture.world import World
from tests.cast import SYSTEM, Cast, raw_order
from tests.security.entering import (
    PASSWORD,
    browser,
    code_of,
    give_app,
    has_app,
    log_in,
    require_factor,
)
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.entering import standing_clock as standing_clock
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("standing_clock")

METHODS = ("get", "post")
STAFF = "/admin/juniper/settings/staff/"
SWITCH = f"{STAFF}second-factor/"


@pytest.fixture
def strict(cast: Cast) -> Cast:
    """Juniper requires a second factor."""
    require_factor(cast.juniper)
    return cast


def logged_in(user: User) -> Client:
    client = browser()
    client.force_login(user)
    return client


# --- Every page ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ines", "theo", "vera"])
def test_no_page_of_the_brand_opens_and_nothing_changes(name: str, world: World) -> None:
    require_factor(world.cast.juniper)
    client, tried = logged_in(getattr(world.cast, name)), 0
    before = snapshot()

    for route, method in itertools.product(in_brand_admin(), METHODS):
        fields = {"selected": list(world.own.values()), "required": ""}
        answer = getattr(client, method)(route.address(world.own_values()), fields)
        assert answer.status_code in {403, 405}, (str(route), method)
        if answer.status_code == 403:
            assert b"requires a second factor from everybody" in answer.content, route
            tried += 1

    assert tried > 100
    assert snapshot() == before


def test_with_one_that_was_used_the_pages_open(strict: Cast) -> None:
    secret = give_app(strict.ines)
    client = log_in(browser(), strict.ines, secret=secret)

    assert client.get("/admin/juniper/").status_code == 200


def test_other_brands_and_the_brands_keys_are_unaffected(strict: Cast) -> None:
    with acting_for(strict.saltmarsh):
        give_role(user=strict.theo, role=Role.MANAGER, by=SYSTEM, now=strict.now)
    with acting_for(strict.juniper):
        secret = create_api_key(label="shop", by=SYSTEM, now=strict.now).secret
    theo = logged_in(strict.theo)

    assert theo.get("/admin/juniper/").status_code == 403
    assert theo.get("/admin/saltmarsh/").status_code == 200
    assert theo.get("/admin/").status_code in {200, 302}
    answer = browser().post(
        "/api/v1/orders",
        {"orders": [raw_order()]},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert answer.status_code in {200, 201}, answer.content


def test_a_part_of_a_page_has_the_whole_page_loaded_anew(strict: Cast) -> None:
    answer = logged_in(strict.ines).get("/admin/juniper/members/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Refresh"]) == (403, "true")


def test_an_outsider_learns_nothing_of_it(strict: Cast) -> None:
    assert logged_in(strict.otto).get("/admin/juniper/").status_code == 404


# --- No way round --------------------------------------------------------------------------------


def test_the_way_to_it_leads_there(strict: Cast) -> None:
    page = page_text(logged_in(strict.ines).get("/admin/juniper/"))

    assert 'href="/account/2fa/totp/activate/"' in page
    assert 'href="/account/2fa/webauthn/add/"' in page


@pytest.mark.django_db(transaction=True)
def test_who_sets_one_up_is_let_in(strict: Cast) -> None:
    client = log_in(browser(), strict.ines)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    assert client.get("/admin/juniper/").status_code == 403

    client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})

    assert client.get("/admin/juniper/").status_code == 200


def test_a_session_from_before_confirms_with_it_once(strict: Cast) -> None:
    client, secret = log_in(browser(), strict.ines), give_app(strict.ines)
    page = page_text(client.get("/admin/juniper/members/"))
    assert 'href="/account/2fa/reauthenticate/?next=/admin/juniper/members/"' in page

    answer = client.post(
        "/account/2fa/reauthenticate/",
        {"code": code_of(secret), "next": "/admin/juniper/members/"},
    )

    assert answer["Location"] == "/admin/juniper/members/"
    assert client.get("/admin/juniper/members/").status_code == 200


def test_a_wrong_code_and_a_password_confirm_nothing(strict: Cast) -> None:
    client = log_in(browser(), strict.ines)
    give_app(strict.ines)

    client.post("/account/2fa/reauthenticate/", {"code": "000000"})
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    assert client.get("/admin/juniper/").status_code == 403


CHANGES = (
    "/account/2fa/totp/deactivate/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/recovery-codes/",
    "/account/password/change/",
    "/account/address/",
)


@pytest.mark.parametrize("address", CHANGES)
def test_a_session_from_before_takes_nothing_away_by_the_password(address: str, cast: Cast) -> None:
    """Who knows the password, and logged in before there was a second factor, needs it now."""
    client = log_in(browser(), cast.ines)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    give_app(cast.ines)

    client.post("/account/reauthenticate/", {"password": PASSWORD})

    confirm = f"/account/2fa/reauthenticate/?next={quote(address, safe='')}"
    for method in (client.get, client.post):
        assert method(address)["Location"] == confirm
    assert has_app(cast.ines)


def test_the_one_time_link_asks_for_the_second_factor(cast: Cast) -> None:
    secret = give_app(cast.ines)
    path = f"/once/{one_time_login.make_token(cast.ines)}"
    client = browser()

    answer = client.post(path)

    assert answer["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert client.session["_auth_user_id"] == str(cast.ines.pk)
    assert browser().post(path).status_code == 404


def test_the_one_time_link_alone_opens_no_strict_brand(strict: Cast) -> None:
    client = browser()
    client.post(f"/once/{one_time_login.make_token(strict.ines)}")

    assert client.session["_auth_user_id"] == str(strict.ines.pk)
    assert client.get("/admin/juniper/").status_code == 403


def test_a_session_that_used_no_factor_gets_nowhere_though_there_is_one(strict: Cast) -> None:
    """However it began: logged in past allauth, a session has no record of a factor."""
    give_app(strict.ines)

    assert logged_in(strict.ines).get("/admin/juniper/").status_code == 403


def test_records_of_somebody_elses_factor_count_for_nobody(strict: Cast) -> None:
    client = log_in(browser(), strict.ines, secret=give_app(strict.ines))
    give_app(strict.theo)

    log_in_as = User.objects.get(pk=strict.theo.pk)
    session = client.session
    session["_auth_user_id"] = str(log_in_as.pk)
    session["_auth_user_hash"] = log_in_as.get_session_auth_hash()
    session.save()

    assert client.get("/admin/juniper/").status_code == 403


def test_a_factor_that_is_gone_counts_no_more(strict: Cast) -> None:
    client = log_in(browser(), strict.ines, secret=give_app(strict.ines))

    Authenticator.objects.filter(user=strict.ines).delete()

    assert client.get("/admin/juniper/").status_code == 403


def test_recovery_codes_alone_are_none(strict: Cast) -> None:
    client = log_in(browser(), strict.ines, secret=give_app(strict.ines))
    RecoveryCodes.activate(strict.ines)
    Authenticator.objects.filter(user=strict.ines, type="totp").delete()

    assert client.get("/admin/juniper/").status_code == 403


# --- Switching it on -----------------------------------------------------------------------------


def is_required(cast: Cast) -> bool:
    return Brand.objects.get(pk=cast.juniper.pk).requires_second_factor


def test_an_owner_with_one_requires_it_and_stops_requiring_it(cast: Cast) -> None:
    client = log_in(browser(), cast.ines, secret=give_app(cast.ines))

    client.post(SWITCH, {"required": ""})
    assert is_required(cast)
    page = page_text(client.get(STAFF))
    assert "No second factor yet" in page
    client.post(SWITCH)

    assert not is_required(cast)
    with acting_for(cast.juniper):
        said = AuditEntry.objects.filter(action__startswith="brand.second").order_by("pk")
        assert list(said.values_list("action", flat=True)) == [
            "brand.second_factor_required",
            "brand.second_factor_no_longer_required",
        ]


def test_an_owner_without_one_cannot_and_is_told_why(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)

    page = page_text(client.post(SWITCH, {"required": ""}, follow=True))

    assert "Set up a second factor of your own first." in page
    assert not is_required(cast)


def test_an_owner_who_has_not_used_theirs_cannot(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)
    give_app(cast.ines)

    page = page_text(client.post(SWITCH, {"required": ""}, follow=True))

    assert "Confirm it&#x27;s you with your own second factor first." in page
    assert not is_required(cast)


@pytest.mark.parametrize("name", ["theo", "vera", "otto"])
def test_nobody_but_an_owner_can(name: str, cast: Cast) -> None:
    user = getattr(cast, name)
    client = log_in(browser(), user, secret=give_app(user))

    assert client.post(SWITCH, {"required": ""}).status_code in {403, 404}
    assert not is_required(cast)


def test_saying_the_same_again_records_nothing(cast: Cast) -> None:
    give_app(cast.ines)
    values: dict[str, Any] = {"user": cast.ines, "used_one": True, "by": SYSTEM, "now": cast.now}
    with acting_for(cast.juniper):
        for _ in range(2):
            set_second_factor_required(brand=cast.juniper, is_required=True, **values)
        assert AuditEntry.objects.filter(action="brand.second_factor_required").count() == 1
        with pytest.raises(SecondFactorError):
            set_second_factor_required(
                brand=set_second_factor_required(brand=cast.juniper, is_required=False, **values),
                is_required=True,
                **values | {"used_one": False},
            )


def test_my_account_says_what_there_is(cast: Cast) -> None:
    client = log_in(browser(), cast.vera, secret=give_app(cast.vera))
    page = page_text(client.get("/admin/juniper/settings/account/"))
    assert "a code from your authenticator app" in page

    Authenticator.objects.filter(user=cast.vera).delete()

    page = page_text(client.get("/admin/juniper/settings/account/"))
    assert "Set up a second factor" in page
