"""Every example of the guides is run against the product, and answers what the guide shows.

`…` in a shown answer stands for what differs each time, and before a closing bracket for what
follows.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import tributary_client
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import MAX_IDEMPOTENCY_NAME, Scope
from accounts.order_keys import create_postback_key, create_publishable_key, publishable_text
from accounts.test_mode import create_test_api_key
from api.bodies import MAX_BATCH_ITEMS
from api.guides import ADDRESS, FOLDER, NAMES, read_guide
from core.tenancy import acting_for
from tests.api.shop import key_for
from tests.cast import NOW, SYSTEM, Cast
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tests.webhooks.conftest import endpoint_for
from tests.webhooks.facts import sell
from tests.webhooks.receiver import Receiver
from tracking.orders.reading import MAX_ORDER_LINES
from webhooks.sending import sweep

EXAMPLE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = {"bash", "python"}
SHOWN = {"json", "text", "http"}
MAX_LINES = 65  # one screen
MAX_SECONDS = 60


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.md"


@dataclass
class Reader:
    """Does what a guide says, from its first example to its last."""

    address: str
    folder: Path
    environment: dict[str, str]
    names: dict[str, Any]
    said: str = ""  # by the last example
    run: list[str] = field(default_factory=list)

    def follow(self, text: str) -> None:
        for kind, file, example in EXAMPLE.findall(text):
            self.run.append(kind)
            if file:
                (self.folder / file).write_text(example)
            elif kind in RUN:
                assert self.said == "", f"the guide does not show this answer: {self.said}"
                self.said = getattr(self, kind)(example.replace(ADDRESS, self.address))
            else:
                assert kind in SHOWN, kind
                assert_shown(example.replace(ADDRESS, self.address), self.said)
                self.said = ""
        assert self.said == "", f"the guide does not show this answer: {self.said}"

    def bash(self, text: str) -> str:
        if text.startswith("manage.py "):
            return self._manage(shlex.split(text)[1:])
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=MAX_SECONDS,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def _manage(self, words: list[str]) -> str:
        printed = io.StringIO()
        with contextlib.chdir(self.folder):
            call_command(*words, stdout=printed, stderr=io.StringIO())
        return printed.getvalue()

    def python(self, text: str) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "guide", "exec"), self.names)  # noqa: S102
        return printed.getvalue()


def assert_shown(shown: str, said: str) -> None:
    """`said` is what is shown, whatever its spaces and line breaks."""
    wanted, found = plain(shown), plain(said)
    pattern = re.sub(r"…(?=\\[\]}])", ".*", re.escape(wanted)).replace("…", r"[^\"\s]*")
    assert re.fullmatch(pattern, found), f"shown: {wanted}\nsaid:  {found}"


def plain(text: str) -> str:
    """The text without the spaces and line breaks that mean nothing in JSON."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    return re.sub(r"(?<=[\[{]) | (?=[\]}])", "", " ".join(text.split()))


@pytest.fixture
def reader(
    cast: Cast, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> Iterator[Reader]:  # fmt: skip
    """Somebody with two keys of Juniper, where Mara's code is MARA15."""
    settings.BASE_URL = live_server.url
    with acting_for(cast.juniper):
        test_key = create_test_api_key(
            brand=cast.juniper, label="trying", scopes=list(Scope), expires_at=None,
            allowed_addresses=[], by=SYSTEM, now=NOW,
        ).secret  # fmt: skip
        page_key = create_publishable_key(
            label="pages", origins=["https://shop.example.com"], by=SYSTEM, now=NOW
        )
        postback = create_postback_key(label="network", by=SYSTEM, now=NOW).secret
    keys = {
        "TRIBUTARY_KEY": key_for(cast.juniper),
        "TRIBUTARY_TEST_KEY": test_key,
        "TRIBUTARY_PAGE_KEY": publishable_text(page_key, is_test=False),
        "TRIBUTARY_POSTBACK_KEY": postback,
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    environment = {"PATH": os.environ["PATH"], "no_proxy": "*", "LC_ALL": "C.UTF-8", **keys}
    reader = Reader(str(live_server.url), tmp_path, environment, {"__name__": "guide"})
    yield reader
    for one in reader.names.values():
        if isinstance(one, tributary_client.Client):
            one.close()


def delivered(reader: Reader, cast: Cast) -> None:
    """Let the examples have a delivery that the product sent: body, headers and secret."""
    with Receiver().running() as receiver, acting_for(cast.juniper):
        endpoint_for(receiver)
        sell("1001")
        sweep()
    [sent] = [one for one in receiver.requests if b'"order.recorded"' in one.body]
    reader.names |= {"body": sent.body, "headers": dict(sent.headers), "secret": receiver.secret}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    lines = [f"{name}: {sent.headers[name]}" for name in names]
    reader.said = "\n".join([*lines, "", json.dumps(sent.json())])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_a_guide_runs(name: str, reader: Reader, cast: Cast) -> None:
    if name == "webhooks":
        delivered(reader, cast)

    reader.follow(path_of(name).read_text())

    assert RUN & set(reader.run)


@pytest.mark.django_db(transaction=True)
def test_who_moved_here_is_not_paid_twice(reader: Reader, cast: Cast) -> None:
    """What the guide to migrating says of due amounts, and of a shop that sends an order too."""
    reader.follow(path_of("migrating").read_text())
    tributary = reader.names["tributary"]

    sent = tributary.send_order(
        order_id="9001", source="shop", ordered_at="2026-05-02T09:30:00Z", currency="GBP",
        promo_code="NOOR10", lines=[{"sku": "GLOW-1", "quantity": 1, "unit_price": "80.00"}],
    )  # fmt: skip

    members = list(tributary.list_members())
    assert sent["outcome"] == "unattributed"
    assert len(members) == 5
    assert [tributary.show_due(member=one["id"])["data"] for one in members] == [[]] * 5


def test_a_shown_answer_must_be_the_answer() -> None:
    assert_shown('{"a": "mem_…", …}', '{"a":"mem_1","b":[2]}')
    assert_shown("left: …", "left: 7")
    for shown in ('{"a": "mem_…"}', '{"a": "ord_…", …}', "…"):
        with pytest.raises(AssertionError):
            assert_shown(shown, '{"a": "mem_1", "b": [2]}')


def test_all_guides_are_served_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)
    assert Client().get("/api/guides/nothing").status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_is_one_screen(name: str) -> None:
    lines = path_of(name).read_text().splitlines()

    assert len(lines) <= MAX_LINES
    assert lines[0].startswith("# ")
    assert (lines[1] != "", lines[2]) == (True, "")  # the summary is one line


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_the_guide_with_the_address_of_this_product(
    name: str, settings: Settings
) -> None:
    settings.BASE_URL = "https://here.example"
    answer = Client().get(f"/api/guides/{name}")

    html = answer.content.decode()
    text = " ".join(unescape(html).split())
    shown = path_of(name).read_text().replace(ADDRESS, settings.BASE_URL)
    assert answer.status_code == 200
    assert ADDRESS not in html
    for _kind, _file, example in EXAMPLE.findall(shown):
        assert " ".join(example.split()) in text
    for href in re.findall(r'href="(/api/[^"]+)"', html):
        assert Client().get(href).status_code == 200, href


def test_the_list_names_every_guide() -> None:
    html = Client().get("/api/guides/").content.decode()

    assert re.findall(r'href="/api/guides/([a-z-]+)"', html) == list(NAMES)


def test_a_guide_can_hold_no_html_of_its_own() -> None:
    guide = read_guide("x", "# A\nb\n\n<script>c</script>\n\n```bash\n<d>\n```\n")

    assert "<script>" not in guide.body
    assert "&lt;d&gt;" in guide.body


def test_the_limits_are_those_of_the_product(settings: Settings) -> None:
    guide = path_of("limits").read_text()

    assert f"{settings.API_BURST:,} requests at once and {settings.API_RATE:,.0f} a second" in guide
    assert f"up to {MAX_BATCH_ITEMS} orders or refunds" in guide
    assert f"an order up to {MAX_ORDER_LINES:,} lines" in guide
    assert f"of 1 to {MAX_IDEMPOTENCY_NAME} characters" in guide


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@on_a("desktop")
def test_the_guides_in_a_browser(
    open_page: Callable[..., Page], live_server: LiveServer, device: dict[str, Any]
) -> None:
    page = prepare(open_page(**device), is_shown_on_both=True)
    faults = []
    for name in ("", *NAMES):
        page.goto(f"{live_server.url}/api/guides/{name}")
        faults += faults_of(page, name or "all guides")
    assert not faults, "\n".join(faults)
