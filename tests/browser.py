"""Chromium for tests, and pages that fail the test on anything that went wrong behind them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.own_processes import MAX_WAIT_SECONDS

if TYPE_CHECKING:  # playwright is large, and few tests need it
    from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response

    from accounts.models import User

# The first one is Chromium without its window: a page takes it half of the time of a CPU.
NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable",
)  # fmt: skip
ON_MACOS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
MISSING = "browser tests need Chromium: make browser, or apt-get install chromium"
# The address bar's suggestions are two pages of Chromium's own beside every page that a test opens.
# This list replaces Playwright's, so what of that concerns the tests is named here too.
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AimEnabled", "DestroyProfileOnBrowserClose",
    "HttpsUpgrades", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints",
    "PaintHolding", "PreconnectToSearch",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    f"--disable-features={','.join(WITHOUT)}",
    # A page of a test ends before optimised code, compiled beside it, has earned what it cost.
    "--js-flags=--no-maglev --no-opt",
]  # fmt: skip
MAX_WAIT = MAX_WAIT_SECONDS * 1_000  # milliseconds
ASKED_FOR = {"document", "fetch", "xhr"}  # an error status of these is the test's own business
# Past the timers of an editor after a click: it writes its selection, and for 50 ms reads none.
AFTER_TIMERS = """() => new Promise((done) => setTimeout(() => requestAnimationFrame(
  () => setTimeout(done, 60)), 0))"""


class Watch:
    """Everything a page did that a page of ours must not do."""

    def __init__(self, allowed: str) -> None:
        self.host = urlsplit(allowed).netloc
        self.faults: list[str] = []

    def follow(self, page: Page) -> None:
        """Start watching `page`."""
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A failed load is judged by its response, which tells what was loaded.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def _error(self, error: Error) -> None:
        self.faults.append(f"script: {error.message}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != self.host:
            self.faults.append(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in ASKED_FOR:
            self.faults.append(f"{response.status}: {response.url}")


def find_chromium(*, of_playwright: Path) -> Path | None:
    """The system's own, by name, else the one that `make browser` installed; None without any."""
    by_name = (Path(found) for found in map(shutil.which, NAMES) if found)
    installed = (path for path in (*ON_MACOS, of_playwright) if os.access(path, os.X_OK))
    return next(by_name, None) or next(installed, None)


def go_without() -> NoReturn:
    """Skip the test that has no browser; in CI, where nobody reads what was skipped, it fails."""
    if os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; without one the test is skipped, in CI it fails."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=MAX_WAIT)

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        program = find_chromium(of_playwright=Path(playwright.chromium.executable_path))
        if program is None:
            go_without()
        # Playwright keeps an event loop in this thread, in which Django then refuses queries.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def click_into(page: Page, editor: str, key: str) -> None:
    """Click into the editor that this selector finds, then press a key such as "Control+Home".

    The click has the editor loaded, and its timers run first, as they do for people. Keys of a
    script come before timers: on a busy machine the caret moved with the key, and then back to
    where the click had been.
    """
    page.locator(f"{editor} .ProseMirror").click()
    page.locator(f"{editor}[data-ready]").wait_for()
    for _ in range(2):  # Chromium ignores the first one where a script set the caret beside a chip
        page.evaluate(AFTER_TIMERS)
        page.keyboard.press(key)
    page.evaluate(AFTER_TIMERS)


@pytest.fixture
def open_page(
    chromium: Browser, live_server: LiveServer, settings: Settings
) -> Iterator[Callable[..., Page]]:
    """Open a page of a visitor of its own: `open_page(width=390, color_scheme="dark")`.

    Links that the product makes, in mails too, lead to the live server. The test fails on a script
    error, a refused resource, or a request that leaves the live server.
    """
    settings.BASE_URL = live_server.url
    watch = Watch(live_server.url)

    def open_one(*, width: int = 1440, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            **{"reduced_motion": "reduce", "locale": "en-GB", **options},
        )
        context.set_default_timeout(MAX_WAIT)
        context.on("page", watch.follow)
        return context.new_page()

    yield open_one
    for context in chromium.contexts:
        context.close()
    if watch.faults:
        pytest.fail("\n".join(watch.faults), pytrace=False)


@pytest.fixture
def desk(open_page: Callable[..., Page], live_server: LiveServer) -> Callable[..., Page]:
    """Open a page of somebody who is logged in: `desk(cast.ines, width=390)`."""

    def sit_down(user: User, **options: object) -> Page:
        page = open_page(**options)
        client = Client()
        client.force_login(user)
        [cookie] = client.cookies.values()
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
        )
        return page

    return sit_down


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """One watched page at 1440 x 900."""
    return open_page()
