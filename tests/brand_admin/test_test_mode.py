"""Test mode in the brand admin: the switch, the band on every page, and what it leaves out."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Brand
from accounts.test_mode import open_test_brand
from affiliates.services import add_member
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.answers import page_text
from tests.architecture.routes import in_brand_admin
from tests.brand_admin.desk import at, desk_of, logged, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_noon")
BAND = "nothing here is real, no mail is sent"
SWITCH = "Open test mode"


@pytest.fixture
def at_test(cast: Cast) -> Brand:
    """Juniper's test brand, with a member in an offer."""
    brand = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    with acting_for(brand):
        member = add_member(
            email="test@x.example", first_name="Tess", last_name="T", by=SYSTEM, now=NOW
        )
        terms = TermsValues(percent_bp=1_000)
        offer = create_offer(values=offer_values(name="Tried"), terms=terms, by=SYSTEM, now=NOW)
        enroll(offer=offer, members=[member], by=SYSTEM, now=NOW)
    return brand


def test_the_first_press_opens_test_mode(cast: Cast) -> None:
    theo = desk_of(cast.theo)

    asked = shown(theo.get(at(cast.juniper, "test_mode")))
    brands = Brand.objects.count()
    opened = theo.post(at(cast.juniper, "test_mode"))
    page = shown(theo.get(opened["Location"]))

    assert SWITCH in asked
    assert (brands, Brand.objects.count()) == (2, 3)
    assert opened["Location"] == "/admin/juniper-test/"
    assert BAND in page
    assert 'href="/admin/juniper/"' in page


def test_a_viewer_goes_there_and_opens_nothing(cast: Cast) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "test_mode")
    before = snapshot()

    assert vera.post(address).status_code == 403
    assert SWITCH not in shown(vera.get(address))
    assert snapshot() == before

    open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    assert vera.get(address)["Location"] == "/admin/juniper-test/"
    assert BAND in shown(vera.get("/admin/juniper-test/"))


def test_every_page_of_a_test_brand_has_the_band_and_no_live_page_has(
    cast: Cast, at_test: Brand
) -> None:
    ines, with_band = desk_of(cast.ines), 0
    for route in in_brand_admin():
        if route.parameters != ["slug"]:
            continue
        test, live = (
            ines.get(route.address({"slug": brand.slug})) for brand in (at_test, cast.juniper)
        )
        for answer, is_test in ((test, True), (live, False)):
            is_page = answer["Content-Type"].startswith("text/html") and not answer.streaming
            if answer.status_code == 200 and is_page and "<html" in page_text(answer):
                assert (BAND in page_text(answer)) == is_test, route
                with_band += is_test
    assert with_band > 25


@pytest.mark.parametrize("name", ["settings_staff", "connection_choice"])
def test_what_only_a_live_brand_has_leads_there(cast: Cast, at_test: Brand, name: str) -> None:
    answer = desk_of(cast.ines).get(at(at_test, name), follow=True)

    assert answer.redirect_chain == [(at(cast.juniper, name), 302)]
    assert "live mode only" in page_text(answer)


def test_nobody_is_invited_to_a_test_brand(cast: Cast, at_test: Brand) -> None:
    ines = desk_of(cast.ines)
    before = snapshot()

    answer = ines.post(at(at_test, "settings_staff"), {"email": "x@x.example", "role": "owner"})

    assert answer["Location"] == at(cast.juniper, "settings_staff")
    assert snapshot() == before


def test_other_brands_staff_find_nothing(cast: Cast, at_test: Brand) -> None:
    otto = desk_of(cast.otto)

    there, nowhere = otto.get("/admin/juniper-test/"), otto.get("/admin/nowhere/")

    assert (there.status_code, there.content) == (404, nowhere.content)


def test_a_role_that_is_taken_away_closes_the_test_brand_too(cast: Cast, at_test: Brand) -> None:
    vera = desk_of(cast.vera)
    assert vera.get(at(at_test, "home")).status_code == 200

    with acting_for(cast.juniper):
        cast.vera.staff_roles.all().delete()

    assert vera.get(at(at_test, "home")).status_code == 404


def test_a_second_factor_that_the_live_brand_requires_is_required(
    cast: Cast, at_test: Brand
) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(requires_second_factor=True)

    assert desk_of(cast.theo).get(at(at_test, "home")).status_code == 403


def test_a_test_brand_is_in_no_list_of_brands(cast: Cast, at_test: Brand) -> None:
    ines = desk_of(cast.ines)

    assert ines.get(reverse("brand_admin:door"))["Location"] == "/admin/juniper/"
    assert at_test.name not in shown(ines.get(at(cast.juniper, "home")))


def test_the_dashboard_of_a_test_member_has_the_band(cast: Cast, at_test: Brand) -> None:
    with acting_for(at_test):
        test = token_for(Enrollment.objects.select_related("brand").get())
    live = token_for(cast.mara_in_glow)

    words = "Test mode: nothing here is real."
    assert words in shown(desk_of(cast.vera).get(f"/d/{test}"))
    assert words not in shown(desk_of(cast.vera).get(f"/d/{live}"))


def test_an_owner_deletes_all_test_data(cast: Cast, at_test: Brand) -> None:
    ines, address = desk_of(cast.ines), at(at_test, "test_data_delete")
    live = snapshot(brand_id=cast.saltmarsh.pk)

    assert "Delete all test data" in shown(ines.get(at(at_test, "settings")))
    asked = shown(ines.get(address))
    assert sum(snapshot(brand_id=at_test.pk).counts.values()) > 0
    done = ines.post(address)

    assert "for good" in asked
    assert done["Location"] == at(at_test, "home")
    assert sum(snapshot(brand_id=at_test.pk).counts.values()) == 0
    assert snapshot(brand_id=cast.saltmarsh.pk) == live
    newest = logged(ines.get(at(cast.juniper, "settings_audit")))[0]
    assert newest.words == "deleted all test data"


def test_nobody_else_deletes_and_no_live_brand_is_emptied(cast: Cast, at_test: Brand) -> None:
    theo, ines = desk_of(cast.theo), desk_of(cast.ines)
    before = snapshot()

    assert theo.post(at(at_test, "test_data_delete")).status_code == 403
    answer = ines.post(at(cast.juniper, "test_data_delete"))

    assert answer["Location"] == at(cast.juniper, "test_mode")
    assert "Delete all test data" not in shown(ines.get(at(cast.juniper, "settings")))
    assert snapshot() == before
