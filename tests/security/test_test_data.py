"""Test data are in nothing that is live: one of everything in a test brand changes nothing there.

Every page and file of the live brands, of their creators and of the operator is read before and
after, and every row, mail and metric. Between the two, everything that beat does is done.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Brand, User
from accounts.test_mode import delete_test_data, open_test_brand
from affiliates.logins import user_for_proven_address
from affiliates.models import Member
from affiliates.services import add_member
from background.running import start_work
from background.work_requests import WorkRequest
from brand_admin.work_exports import make_export
from brand_admin.work_kinds import EXPORT
from config.celery import app
from config.platform.pages import platform_site
from core.tenancy import across_brands, acting_for
from notifications.models import Message, Purpose, SuppressionReason
from notifications.services import save_template, suppress
from offers.dashboard_links import token_for
from offers.models import Enrollment
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import create_offer, enroll, supersede_terms
from offers.terms import TermsValues
from payouts.models import Payout
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.answers import Answer
from tests.api.shop import ORDERS, REFUNDS, Shop, key_for
from tests.architecture.routes import Route, in_brand_admin, opened_by
from tests.architecture.world import World
from tests.cast import NOW, SYSTEM, Cast, offer_values, pay_all_due, raw_order, raw_refund
from tests.following import follow_link
from tests.notifications.senders import confirm, recipient
from tests.snapshot import snapshot
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.models import Click, Conversion, Order
from tracking.questions.services import ask_about_order

pytestmark = pytest.mark.django_db
app.loader.import_default_modules()  # as a worker does when it starts
TOKENS = re.compile(
    rb"csrfmiddlewaretoken\" value=\"\w+|X-CSRFToken[^}]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    rb"|nonce=\"[^\"]+|value=\"[\d.]+\" name=\"opened|name=\"opened\" value=\"[^\"]+"
)
# What a creator's page may name; none of it is a row of a brand.
IN_PORTAL = {"act": "payout", "slug": "juniper", "handle": "0" * 32, "passkey_id": 1, "year": 2026}
# Processes and the clock, which no brand changes.
NOT_OF_BRANDS = re.compile(
    r"^(process_|python_|tributary_(request|database|beat|links|click)|# )|_created ", re.MULTILINE
)


@pytest.fixture(autouse=True)
def _standing(time_machine: Any, settings: Any) -> None:
    """It is noon, and stays so: what a page says of the time is the same before and after."""
    settings.METRICS_TOKEN = "scrape"
    client_of.cache_clear()
    time_machine.move_to(NOW, tick=False)


@cache
def client_of(user: User) -> Client:
    """One browser for each person: a page of theirs lists their sessions."""
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> bytes:
    answer: Answer = client.get(address)
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    told = f"{answer.status_code} {answer.get('Location', '')} ".encode() + whole
    return TOKENS.sub(b"", told)


def readable() -> list[Route]:
    """The pages of a brand: a draft of a mail is a form, and one page lists test keys, as such."""
    left_out = ("compose", "connections/developers/")
    return [one for one in in_brand_admin() if not any(part in one.pattern for part in left_out)]


def live_pages(world: World) -> dict[str, bytes]:
    """Every page and file of both live brands, of two creators and of the operator."""
    found: dict[str, bytes] = {}
    cast = world.cast
    own, theirs = world.own_values(), {**world.own_values(), **world.foreign, "slug": "saltmarsh"}
    for user, values in ((cast.ines, own), (cast.otto, theirs)):
        client = client_of(user)
        for route in readable():
            address = route.address(values)
            found[f"{user} {address}"] = page(client, address)
        found[f"{user} door"] = page(client, "/admin/")
    for member in (cast.mara, cast.june):
        login = user_for_proven_address(email=member.email, now=NOW)
        assert login is not None
        client = client_of(login)
        for route in opened_by("creator login"):
            address = route.address(IN_PORTAL)
            found[f"{member} {address}"] = page(client, address)
    for enrollment in (cast.mara_in_glow, cast.june_in_glow, cast.june_in_tide):
        for more in ("", "/conversions.csv", "/payments.csv", "/why", "/questions", "/links"):
            address = f"/d/{token_for(enrollment)}{more}"
            found[address] = page(Client(), address)
    return found


def metrics() -> list[str]:
    answer = Client().get("/metrics", headers={"Authorization": "Bearer scrape"})
    assert answer.status_code == 200
    lines = answer.content.decode().splitlines()
    return [line for line in lines if not NOT_OF_BRANDS.search(line)]


def platform_brands() -> list[str]:
    [shown] = [one for model, one in platform_site._registry.items() if model is Brand]
    return list(shown.get_queryset(None).order_by("pk").values_list("slug", flat=True))  # type: ignore[arg-type]


def shared_rows() -> dict[str, tuple[int, str]]:
    """The tables that belong to no brand, but those of brands themselves and of beat's rounds.

    A batch of clicks is of all brands, and its row has no more than an id.
    """
    tenants = snapshot(brand_id=0).tables.keys()
    left_out = {"accounts_brand", "core_round", "tracking_clickbatch"}
    return {
        name: rows
        for name, rows in snapshot().tables.items()
        if name not in tenants and name not in left_out
    }


def beat() -> None:
    """Do everything that beat asks for, twice."""
    for _ in range(2):
        for entry in app.conf.beat_schedule.values():
            app.tasks[entry["task"]].apply(throw=True)


def fill(brand: Brand, cast: Cast) -> None:
    """One of everything in a test brand, with the addresses of people who are real elsewhere."""
    shop = Shop(key_for(brand))
    with acting_for(brand):
        people = [
            add_member(email=one.email, first_name="T", last_name="Est", by=SYSTEM, now=NOW)
            for one in (cast.mara, cast.june)
        ]
        offer = create_offer(
            values=offer_values(name="Test offer"),
            terms=TermsValues(percent_bp=1_000, per_click_minor=5),
            by=SYSTEM,
            now=NOW - timedelta(days=1),
        )
        first, second = enroll(offer=offer, members=people, by=SYSTEM, now=NOW)
        give_codes(
            codes={first.pk: "MARA15", second.pk: "JUNE20"},  # as in the live brand
            enrollments=[first, second],
            by=SYSTEM,
            now=NOW,
        )
        [link, _] = give_links(enrollments=[first, second], by=SYSTEM, now=NOW)
        project = create_project(name="Test project", by=SYSTEM, now=NOW)
        add_to_project(project=project, members=people, by=SYSTEM, now=NOW)
        set_up_stage(project=project, offer=offer, by=SYSTEM, now=NOW)
    now = timezone.now()
    visited = follow_link(slug=link.slug, user_agent="Mozilla/5.0", now=now)
    assert visited
    assert visited.counted
    sent = [
        shop.send(ORDERS, raw_order("juniper-9001")),
        shop.send(ORDERS, {"orders": [raw_order("1002"), raw_order("1003", promo_code="NOBODYS")]}),
        shop.put(f"{ORDERS}/api/1002", raw_order("1002", amount="1.00")),
        shop.send(REFUNDS, raw_refund("R-1", "juniper-9001")),
        shop.send(REFUNDS, raw_refund("R-2", "unknown")),
        shop.send(ORDERS, raw_order("1004"), headers=shop.headers | {"Idempotency-Key": "k"}),
    ]
    assert [answer.status_code for answer in sent] == [201, 200, 200, 201, 202, 201]
    with acting_for(brand):
        adjust(
            enrollment=first, currency="GBP", amount_minor=700, note="Thanks", by=SYSTEM, now=NOW
        )
        pay_all_due(people[0], reference="test bank", now=NOW + timedelta(days=20))
        adjust(
            enrollment=second, currency="GBP", amount_minor=900, note="Thanks", by=SYSTEM, now=NOW
        )
        run = draft_run(
            currency="GBP",
            member_ids=[people[1].pk],
            minimum_minor=0,
            confirmation=uuid.uuid4(),
            by=SYSTEM,
            now=NOW,
        )
        confirm_run(run=run, by=SYSTEM, now=NOW)
        confirm([recipient(to_address=cast.mara.email)], title="Test mail")
        ask_about_order(
            enrollment=first,
            order_reference="missing",
            ordered_on=NOW.date(),
            note="where is it",
            by=SYSTEM,
            now=NOW,
        )
        suppress(address=cast.june.email, reason=SuppressionReason.BY_STAFF, by=SYSTEM, now=NOW)
        save_template(
            purpose=Purpose.EMAIL_MEMBERS,
            name="Test template",
            subject="Hello",
            body="Hello",
            by=SYSTEM,
            now=NOW,
        )
        supersede_terms(
            offer=offer,
            values=TermsValues(percent_bp=2_000, per_click_minor=5),
            starts_at=NOW + timedelta(days=1),
            by=SYSTEM,
            now=NOW,
        )
        request = WorkRequest(
            kind=EXPORT,
            title="Export of members",
            about="export:members",
            total=1,
            confirmation=uuid.uuid4(),
            parameters={"list": "members?"},
        )
        start_work(request, handler=make_export, by=SYSTEM, now=NOW)
    Brand.objects.filter(pk=brand.pk).update(sends_items_automatically=True)


@pytest.fixture
def brand(world: World) -> Brand:
    """Juniper's test brand, which is empty."""
    return open_test_brand(brand=world.cast.juniper, by=SYSTEM, now=NOW)


@pytest.fixture
def compared(world: World, brand: Brand) -> Callable[[], None]:
    """What compares everything live with how it was when the test began."""
    beat()
    cast = world.cast
    read: dict[str, Callable[[], Any]] = {
        "juniper": lambda: snapshot(brand_id=cast.juniper.pk).tables,
        "saltmarsh": lambda: snapshot(brand_id=cast.saltmarsh.pk).tables,
        "shared": shared_rows,
        "brands": platform_brands,
        "metrics": metrics,
        "mails": lambda: [(one.to, one.subject) for one in mail.outbox],
        "pages": lambda: live_pages(world),
    }
    live_pages(world)  # what a first visit writes is written
    assert platform_brands() == ["juniper", "saltmarsh"]
    before = {name: one() for name, one in read.items()}

    def compare() -> None:
        for name, one in read.items():
            after = one()
            if isinstance(after, dict):
                differ = [key for key in before[name] if before[name][key] != after.get(key)]
                assert (name, differ) == (name, [])
            assert (name, after) == (name, before[name])

    return compare


def test_test_data_are_in_nothing_that_is_live(
    world: World, brand: Brand, compared: Callable[[], None]
) -> None:
    fill(brand, world.cast)
    beat()

    with acting_for(brand):  # what is compared would be there
        assert Order.objects.count() == 4
        assert Conversion.objects.count() == 3
        assert Click.objects.count() == 1
        assert Payout.objects.count() == 2
        assert set(Message.objects.values_list("state", flat=True)) == {"suppressed"}
        assert Member.objects.exclude(creator=None).count() == 0
        assert Enrollment.objects.count() == 2
    compared()


def test_what_is_deleted_of_test_mode_was_never_live(world: World, brand: Brand) -> None:
    with across_brands(reason="test"):
        before = Order.objects.count()
    fill(brand, world.cast)

    delete_test_data(brand=brand, by=SYSTEM, now=NOW)

    assert sum(snapshot(brand_id=brand.pk).counts.values()) == 0
    with across_brands(reason="test"):
        assert Order.objects.count() == before


def test_a_test_key_sees_and_makes_test_data_only(world: World, brand: Brand) -> None:
    """The same order in both modes: two orders, and each key sees its own."""
    live, test = Shop(key_for(world.cast.juniper)), Shop(key_for(brand))

    assert test.ask(f"{ORDERS}/juniper-9001").status_code == 404
    assert test.send(ORDERS, raw_order("juniper-9001", amount="1.00")).status_code == 201
    assert live.ask(f"{ORDERS}/juniper-9001").json()["total"] == "84.20"
    assert test.ask(f"{ORDERS}/juniper-9001").json()["total"] == "1.00"
    assert test.send(ORDERS, raw_order("1001")).json()["outcome"] == "unattributed"
