"""Every page, empty and full: no axe violation in light or dark, nothing wider than the screen.

A page that logs an error, loads something from another host or gets a broken resource fails too;
`open_page` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import CodePurpose
from accounts.sessions import SessionStore
from affiliates.logins import user_for_proven_address
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.unsubscribe_links import unsubscribe_link
from offers.dashboard_links import token_for
from offers.services import enroll
from tests.architecture.routes import Route, in_brand_admin
from tests.cast import Cast
from tests.factories import AuthenticatorFactory
from tests.inspection import SCROLLED, faults_of, prepare
from tests.journeys.busy_creator import make_busy, prove
from tests.journeys.conftest import OpenPage
from tests.journeys.dashboards import dashboards
from tests.journeys.devices import PHONE, on_a
from tests.journeys.drawer import Drawer
from tests.journeys.furnished import Furnished, empty_brand
from tests.journeys.steps import path_of, tick
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The admin is opened on a desktop, what members open on a phone; then shown on the other.
Desk = Callable[..., Page]


@pytest.fixture
def cast(at_noon: Cast) -> Cast:
    return at_noon


def look_at(page: Page, addresses: list[str]) -> list[str]:
    """The faults of every page."""
    faults = []
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status < 500, f"{address} answers {answer.status}"
        if "#" not in address and (down := page.evaluate(SCROLLED)):
            faults.append(f"{address}: opens {down} px down the page")
        faults += faults_of(page, address)
    return faults


def report(faults: list[str]) -> None:
    if faults:
        pytest.fail(f"{len(faults)} faults\n" + "\n".join(faults), pytrace=False)


_with_a_page: dict[frozenset[str], list[Route]] = {}


def pages_of(client: Client, values: dict[str, Any]) -> Iterator[str]:
    """The addresses of the brand admin that show a whole page, for these values.

    Which routes do is found out once in each process, as it takes as long as to answer them all.
    """
    known = frozenset(values)
    if known not in _with_a_page:
        _with_a_page[known] = [
            route
            for route in in_brand_admin()
            if set(route.parameters) <= known and _shows_page(client, route.address(values))
        ]
    for route in _with_a_page[known]:
        yield route.address(values)


def _shows_page(client: Client, address: str) -> bool:
    answer = client.get(address)
    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    return is_page and b"<main" in answer.content


# --- Brand admin ---------------------------------------------------------------------------------


@on_a("desktop")
def test_every_page_of_the_admin(
    full: Furnished, client: Client, desk: Desk, device: dict[str, Any]
) -> None:
    client.force_login(full.world.cast.ines)
    addresses = list(pages_of(client, full.world.own_values()))
    assert len(addresses) > 45, addresses

    page = prepare(desk(full.world.cast.ines, **device), is_shown_on_both=True)

    report(look_at(page, addresses))


def test_every_page_of_an_empty_brand(cast: Cast, client: Client, desk: Desk) -> None:
    slug = empty_brand(cast.ines)
    client.force_login(cast.ines)
    addresses = list(pages_of(client, {"slug": slug}))
    assert len(addresses) > 15, addresses

    page = prepare(desk(cast.ines, **PHONE))

    report(look_at(page, addresses))


def test_a_refused_form_says_why(cast: Cast, desk: Desk) -> None:
    page = prepare(desk(cast.ines, **PHONE))
    faults = []
    for path, button in (
        ("offers/new/", "Add offer"),
        ("members/new/", "Add member"),
        ("projects/new/", "Add project"),
        ("emails/suppressed/", "Suppress"),
        ("settings/staff/", "Send invitation"),
        (f"offers/{cast.glow.pk}/edit/", "Save offer"),
    ):
        page.goto(f"/admin/juniper/{path}")
        page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
        page.locator("details.fold-card").evaluate_all("folds => folds.forEach(f => f.open = true)")
        for field in page.locator(
            "#main form[method=post] :is(input[type=text], input[type=email])"
        ).all():
            field.fill("")
        page.get_by_role("button", name=button).last.click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        faults += faults_of(page, f"{path} refused")
    report(faults)


@on_a("desktop")
def test_the_drawer_at_every_step(
    cast: Cast,
    desk: Desk,
    mailbox: Mailbox,
    device: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A worker of another journey would have sent some mails before the drawer shows how many.
    monkeypatch.setattr("notifications.queue.publish", lambda *_, **__: False)
    with acting_for(cast.juniper):
        otis = add_member(email="", first_name="Otis", last_name="", by=cast.by, now=cast.now)
        enroll(offer=cast.glow, members=[otis], by=cast.by, now=cast.now)
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    page.goto(f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/")
    page.get_by_role("link", name="Email Members").click()
    drawer = Drawer(page, "Email Members")
    drawer.has_editors()
    drawer.box.get_by_text("left out: see why").click()
    faults = faults_of(page, "drawer, write")
    drawer.write_subject("")
    drawer.press("Next")
    expect(drawer.box.get_by_text("required").first).to_be_visible()
    drawer.has_editors()
    faults += faults_of(page, "drawer, refused")
    drawer.write_subject("Your dashboard, {{ first_name }} ")
    drawer.press("Next")
    drawer.says("Member 1 of 3")
    faults += faults_of(page, "drawer, preview")
    drawer.press("Send a test to me")
    drawer.says("We are sending a test to ines@juniper.example")
    drawer.press("Send")
    drawer.says("0 of 3 done")
    faults += faults_of(page, "drawer, sending")
    report(faults)


@on_a("desktop")
def test_rows_ticked_menus_open_and_questions_asked(
    full: Furnished, desk: Desk, device: dict[str, Any]
) -> None:
    cast = full.world.cast
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    report_path = f"/admin/juniper/reporting/sales-tracking/{cast.glow.pk}/"
    page.goto(report_path)
    tick(page, "Mara Lindqvist")
    faults = faults_of(page, "offer, ticked")
    for action in ("Deactivate", "Remove from offer"):
        page.goto(report_path)
        tick(page, "Mara Lindqvist")
        page.get_by_role("button", name=action, exact=True).click()
        page.wait_for_load_state()
        faults += faults_of(page, action)
    page.goto(report_path)
    page.locator("#main details.menu summary").first.click()
    page.get_by_text("Show as a table").click()
    faults += faults_of(page, "menu and table open")
    page.goto("/admin/juniper/conversions/")
    page.get_by_label("Select", exact=False).nth(1).check()
    page.get_by_role("button", name="Reject").click()
    page.wait_for_load_state()
    faults += faults_of(page, "reject")
    report(faults)


def test_lists_that_are_filtered(full: Furnished, desk: Desk) -> None:
    cast = full.world.cast
    page = prepare(desk(cast.vera, **PHONE))
    base = "/admin/juniper"
    report(
        look_at(
            page,
            [
                f"{base}/conversions/unattributed/?brought=nothing&source=shop",
                f"{base}/conversions/unattributed/?q=nothing",
                f"{base}/conversions/refunds/?outcome=in-part&source=shop",
                f"{base}/conversions/refunds/?q=nothing",
                f"{base}/reporting/sales-tracking/?range=custom&status=all",
                f"{base}/reporting/sales-tracking/?range=year&show=clicks&currency=JPY",
                f"{base}/reporting/sales-tracking/{cast.glow.pk}/?status=removed",
                f"{base}/reporting/sales-tracking/{full.in_yen.offer_id}/",
                f"{base}/offers/?status=all",
                f"{base}/offers/{full.in_yen.offer_id}/",
                f"{base}/conversions/?status=pending",
                f"{base}/members/?q=nobody+at+all",
                f"{base}/emails/?q=nothing",
                f"{base}/payments/sent/?state=failed",
            ],
        )
    )


@on_a("desktop")
def test_crediting_orders(full: Furnished, desk: Desk, device: dict[str, Any]) -> None:
    page = prepare(desk(full.world.cast.theo, **device), is_shown_on_both=True)
    page.goto("/admin/juniper/conversions/unattributed/")
    for number in ("LOST-0", "LOST-3"):
        tick(page, number)
    faults = faults_of(page, "orders ticked")
    page.get_by_role("button", name="Credit to a member").click()
    expect(page.get_by_text("Whom are 2 orders credited to?")).to_be_visible()
    faults += faults_of(page, "choice of a member")
    page.get_by_role("link", name="Diego Arroyo").first.click()
    expect(page.get_by_text("They go to Diego Arroyo in Winter Glow creators")).to_be_visible()
    faults += faults_of(page, "the reason")
    page.get_by_role("button", name="Credit to a member").click()
    faults += faults_of(page, "no reason")
    page.get_by_label("Why").fill("His code was not in the shop yet")
    page.get_by_role("button", name="Credit to a member").click()
    expect(page.get_by_text("1 order credited to Diego Arroyo.")).to_be_visible()
    expect(page.get_by_text("1 skipped: Order LOST-3 is in JPY")).to_be_visible()
    faults += faults_of(page, "credited")
    report(faults)


# --- The member's pages --------------------------------------------------------------------------


@on_a("phone")
def test_dashboards_in_every_state(
    full: Furnished, open_page: OpenPage, device: dict[str, Any]
) -> None:
    cast = full.world.cast
    mara, empty = (f"/d/{token_for(row)}" for row in (cast.mara_in_glow, cast.june_in_tide))
    addresses = [
        mara,
        f"{mara}?range=all",
        f"{mara}?range=custom&first=2026-11-01&last=2026-11-20",
        f"{mara}?status=rejected",
        *(f"{mara}/{page}" for page in ("links", "questions", "qr", "why")),
        empty,
        *(f"/d/{token_for(row)}" for row in (full.inactive, full.paused, full.in_yen)),
        "/d/not-a-link",
    ]
    page = prepare(open_page(**device), is_shown_on_both=True)
    faults = look_at(page, addresses)
    page.goto(mara)
    for fold in page.locator(".folds summary, .chart summary").all()[:4]:
        fold.click()
    faults += faults_of(page, "dashboard, opened up")
    page.locator("#payments a").first.click()
    page.wait_for_load_state()
    faults += faults_of(page, "a payment")
    report(faults)


def test_dashboards_that_are_bad_news(cast: Cast, open_page: OpenPage) -> None:
    page = prepare(open_page(**PHONE))
    report(look_at(page, list(dashboards(cast).values())))


@on_a("phone")
def test_the_portal_the_logins_and_the_way_out(
    full: Furnished, desk: Desk, open_page: OpenPage, mailbox: Mailbox, device: dict[str, Any]
) -> None:
    cast = full.world.cast
    leave = path_of(unsubscribe_link(brand_id=cast.juniper.pk, address="mara@lindqvist.example"))
    page = prepare(open_page(**device), is_shown_on_both=True)
    faults = look_at(
        page,
        [
            "/portal/login/",
            leave,
            "/u/nonsense",
            "/account/login/",
            "/account/login/code/",
            "/nowhere",
        ],
    )
    page.goto(leave)
    page.get_by_role("button", name="Unsubscribe").click()
    faults += faults_of(page, "unsubscribed")
    page.goto("/portal/login/")
    page.get_by_label("Your email address").fill("june@okafor.example")
    page.get_by_role("button", name="Mail me a code").click()
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    faults += faults_of(page, "login code")
    page.get_by_label("Six-digit code").fill("x")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    faults += faults_of(page, "wrong login code")

    june = user_for_proven_address(email="june@okafor.example", now=cast.now)
    assert june is not None
    for person in (june, cast.otto):  # two brands; none at all
        page = prepare(desk(person, **device), is_shown_on_both=True)
        faults += look_at(page, ["/portal/"])
    report(faults)


@on_a("phone")
def test_the_portal_of_a_busy_creator(
    cast: Cast, desk: Desk, mailbox: Mailbox, device: dict[str, Any]
) -> None:
    june = user_for_proven_address(email="june@okafor.example", now=cast.now)
    assert june is not None
    page = prepare(desk(june, **device), is_shown_on_both=True)
    page.goto("/portal/data/delete/")
    page.get_by_role("button", name="Mail me a code").click()
    faults = faults_of(page, "code for deletion")
    page.get_by_label("Six-digit code").fill("000 00")
    page.get_by_role("button", name="Go on").click()
    faults += faults_of(page, "half a code")
    pages = [
        "/portal/earnings/",
        "/portal/payout/",
        "/portal/emails/",
        "/portal/security/",
        "/portal/data/",
    ]
    faults += look_at(page, ["/portal/confirm/payout/", *pages])

    creator = make_busy(cast, now=timezone.now())
    codes = {purpose: str(prove(creator, purpose, now=timezone.now())) for purpose in CodePurpose}
    session = SessionStore(page.context.cookies()[0]["value"])
    session["asked_codes"] = codes
    session.save()
    passkey = AuthenticatorFactory.create(user=june, passkey=True)
    change = "/portal/payout/change/"
    faults += look_at(
        page,
        [
            "/portal/",
            *pages,
            "/portal/data/delete/",
            change,
            *(f"{change}?method=bank&country={country}" for country in ("DE", "GB", "US", "IN")),
            f"{change}?method=paypal&country=FR",
            "/portal/security/passkeys/add/",
            f"/portal/security/passkeys/{passkey.pk}/",
        ],
    )
    page.goto("/portal/")
    page.locator(".inactive-offers summary").click()
    faults += faults_of(page, "offers that rest")
    page.goto(f"{change}?method=bank&country=DE")
    page.get_by_role("button", name="Pay me here").click()
    faults += faults_of(page, "no IBAN")
    report(faults)
