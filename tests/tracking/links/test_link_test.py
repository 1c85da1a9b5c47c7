"""The test of a link: each hop to the shop, and where the click id is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import Settings

from background.models import Work
from background.running import run_slice
from core.tenancy import acting_for
from offers.models import Offer
from tests import following
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.stand_in import Fault, Reply, Sent, StandIn
from tracking.links.following import HEADERS, MAX_HOPS, NO_CLICK, Followed, follow
from tracking.links.link_test import (
    LINK_TEST,
    link_to_test,
    request_link_test,
    run_link_test,
    verdict_on,
)

OURS = "tributary.example"
CLICK = "A" * 48


@dataclass
class Page:
    body: str = "<title>Shop</title>"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class LandingShop(StandIn):
    """A shop with pages by path; the first one is /start."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Callable[[Sent], Page]] = {}

    def on(self, path: str, page: Page | Callable[[Sent], Page]) -> None:
        self.pages[path] = page if callable(page) else lambda sent: page

    def leads(self, path: str, target: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.on(path, Page("", 302, {"location": target, **named}))

    def answer(self, sent: Sent) -> Reply:
        page = self.pages[sent.path](sent)
        return Reply(page.status, page.body.encode(), {"content-type": "text/html", **page.headers})

    def followed(self) -> Followed:
        return follow(f"{self.address}/r/mara", our_hosts=frozenset({OURS}))


@pytest.fixture
def shop() -> Iterator[LandingShop]:
    """A link /r/mara that leads to /start with a click id."""
    with LandingShop().running() as one:
        one.leads("/r/mara", f"/start?utm_source=mara&trb={CLICK}")
        yield one


def script(host: str = OURS, more: str = "") -> Page:
    return Page(f'<script src="https://{host}/t.js" defer {more}></script>')


def test_the_page_script_keeps_it(shop: LandingShop) -> None:
    shop.on("/start", script())
    found = shop.followed()

    assert [(hop.status, hop.has_click_id) for hop in found.hops] == [(302, False), (200, True)]
    assert verdict_on(found).tone == "good"
    assert (
        verdict_on(found).text == "The click id arrives at 127.0.0.1, and the page script keeps it."
    )
    assert CLICK not in str(found.as_json()), "a click id credits an order"


def test_the_link_is_asked_for_as_a_prefetch_and_the_shop_as_by_a_browser(
    shop: LandingShop,
) -> None:
    shop.on("/start", script())
    shop.followed()

    ours, theirs = shop.requests
    assert (ours.headers["sec-purpose"], "sec-purpose" in theirs.headers) == ("prefetch", False)
    assert "Mozilla/5.0" in theirs.headers["user-agent"]


def test_a_shop_that_drops_the_parameters_loses_it(shop: LandingShop) -> None:
    shop.leads("/start", "/en")
    shop.on("/en", script())
    found = shop.followed()
    verdict = verdict_on(found)

    assert found.hops[2].lost == ["utm_source", "trb"]
    assert (verdict.tone, verdict.title) == ("bad", "The click id is lost on the way")
    assert verdict.text.startswith(
        f"The click id is lost where {shop.address}/start?utm_source=mara&trb=… leads on to"
        f" {shop.address}/en."
    )


def test_a_cookie_that_was_set_before_keeps_it(shop: LandingShop) -> None:
    shop.leads("/r/mara", f"/start?trb={CLICK}", set_cookie=f"trb={CLICK}; Path=/")
    shop.leads("/start", "/en")
    shop.on("/en", Page())
    found = shop.followed()

    assert found.hops[0].cookies == ["trb (127.0.0.1)"]
    assert shop.requests[-1].headers["cookie"] == f"trb={CLICK}"
    assert verdict_on(found).title == "A cookie keeps the click id"


def test_a_cookie_of_another_domain_is_not_kept(shop: LandingShop) -> None:
    shop.leads("/r/mara", f"/start?trb={CLICK}", set_cookie="trb=x; Domain=evil.example")
    shop.on("/start", Page())

    assert shop.followed().hops[0].cookies == []


@pytest.mark.parametrize(
    ("page", "tone", "words"),
    [
        (Page(), "wait", "does not load the page script"),
        (script("evil.example"), "wait", "does not load the page script"),
        (script(more="data-consent"), "good", "once the shopper agrees"),
        (Page("no", 404), "bad", "does not show a page"),
        (Page("no", 403), "wait", "open the link yourself"),
        (Page("{}", headers={"content-type": "application/json"}), "wait", "does not load"),
    ],
    ids=["no script", "another's", "consent", "not found", "forbidden", "no page"],
)
def test_what_the_landing_page_is(shop: LandingShop, page: Page, tone: str, words: str) -> None:
    shop.on("/start", page)
    verdict = verdict_on(shop.followed())

    assert (verdict.tone, words in verdict.text) == (tone, True), verdict


@pytest.mark.parametrize(
    ("policy", "forbids"),
    [
        ("script-src 'self'", True),
        ("default-src 'none'", True),
        ("default-src 'none'; script-src-elem https://tributary.example", False),
        ("script-src https://tributary.example/t.js", False),
        ("script-src *.example", False),
        ("script-src https:", False),
        ("script-src 'nonce-abc'", False),
        ("img-src 'none'", False),
        ("", False),
    ],
)
def test_the_policy_of_the_page(shop: LandingShop, policy: str, forbids: bool) -> None:
    page = script()
    page.headers["content-security-policy"] = policy
    shop.on("/start", page)
    in_body = Page(f'<meta http-equiv="Content-Security-Policy" content="{policy}">{page.body}')

    assert shop.followed().landing.policy_forbids == forbids
    shop.on("/start", in_body)
    assert shop.followed().landing.policy_forbids == forbids


def test_a_page_that_leads_on_by_itself_is_a_hop(shop: LandingShop) -> None:
    shop.on("/start", Page('<meta http-equiv="refresh" content="0; url=/end">'))
    shop.on("/end", Page())

    assert [hop.status for hop in shop.followed().hops] == [302, 200, 200]


def test_a_circle_ends(shop: LandingShop) -> None:
    shop.leads("/start", "/start")
    found = shop.followed()

    assert len(found.hops) == MAX_HOPS + 1
    assert verdict_on(found).title == "Shoppers do not arrive"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("ftp://shop.example/", "is no address of a web page"),
        ("javascript:alert(1)", "did not answer with HTTP"),
        ("http://[::1", "did not answer with HTTP"),
        ("http://10.0.0.7/", "leads to a private network"),
        ("http://169.254.169.254/latest/meta-data/", "leads to a private network"),
        ("http://[::ffff:10.0.0.7]/", "leads to a private network"),
    ],
)
def test_what_is_no_shop_is_not_called(shop: LandingShop, target: str, words: str) -> None:
    shop.leads("/start", target)
    found = shop.followed()

    assert words in found.hops[-1].problem
    assert verdict_on(found).tone == "bad"
    assert len(shop.requests) == 2


def test_a_shop_on_this_machine_is_not_called_in_production(
    shop: LandingShop, settings: Settings
) -> None:
    settings.LOCAL = False

    assert shop.followed().hops[0].problem == "leads to a private network"
    assert shop.requests == []


@pytest.mark.parametrize(
    "fault", [Fault(drops=True), Fault(drips=True), Fault(is_endless=True), Fault(stalls=True)]
)
def test_a_shop_that_misbehaves_ends_the_test_in_time(
    shop: LandingShop, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.links.following.HOP_SECONDS", 0.5)
    shop.on("/start", Page())
    shop.faults.append(fault)
    found = shop.followed()

    assert found.hops[-1].problem
    assert verdict_on(found).title == "Shoppers do not arrive"


@pytest.mark.parametrize(
    "body", ["\x00<script src=\x00>", "<" * 10_000, "<script src='http://[::1/t.js'>", "\ud800"]
)
def test_any_page_can_be_read(shop: LandingShop, body: str) -> None:
    shop.on("/start", Page(body.encode(errors="replace").decode()))

    assert shop.followed().landing.has_script is False


@pytest.fixture
def ours(settings: Settings) -> Iterator[LandingShop]:
    """A server of our links at BASE_URL; `lead_to` has it answer as the edge does."""
    with LandingShop().running() as one:
        settings.BASE_URL = one.address
        yield one


def lead_to(cast: Cast, ours: LandingShop, address: str, **changes: Any) -> following.Answer:
    """Have Mara's link lead to the address; return what the test of a link gets from us."""
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(destination_url=address, **changes)
        link = link_to_test(cast.mara_in_glow)
        assert link is not None
    answer = following.get(f"/r/{link.slug}", now=NOW, headers=HEADERS | NO_CLICK)
    ours.leads(f"/r/{link.slug}", answer["location"])
    return answer


def report_on(cast: Cast) -> Work:
    with acting_for(cast.juniper):
        link = link_to_test(cast.mara_in_glow)
        assert link is not None
        work = request_link_test(link=link, confirmation=uuid.uuid4(), by=SYSTEM, now=NOW)
        run_slice(work.pk, handlers={LINK_TEST: run_link_test}, now=NOW)
        work.refresh_from_db()
    return work


@pytest.mark.django_db(transaction=True)
def test_a_link_of_ours_is_followed_and_is_no_click(
    cast: Cast, shop: LandingShop, ours: LandingShop
) -> None:
    shop.on("/welcome", Page(f'<script src="{ours.address}/t.js" defer></script>'))
    answer = lead_to(cast, ours, f"{shop.address}/welcome?a=1")

    work = report_on(cast)

    assert work.state == "done"
    assert work.parameters["verdict"]["tone"] == "good", work.parameters
    hops = work.parameters["report"]["hops"]
    assert [hop["status"] for hop in hops] == [302, 200]
    assert hops[1]["address"].endswith("trb=…")
    assert [click["kind"] for click in answer.clicks] == ["prefetch"]


@pytest.mark.django_db(transaction=True)
def test_a_paused_offer_has_no_click_id(cast: Cast, shop: LandingShop, ours: LandingShop) -> None:
    shop.on("/welcome", Page())
    lead_to(cast, ours, f"{shop.address}/welcome", ends_at=NOW.replace(year=2020))

    assert report_on(cast).parameters["verdict"]["title"] == (
        "The link has no click id at the moment"
    )
