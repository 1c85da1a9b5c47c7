"""/api/docs draws the API's document with a script of ours, and asks no other host."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from api.problem_pages import PROBLEMS
from tests.inspection import show_on
from tests.journeys.devices import DESKTOP, PHONE

ADDRESS = "/api/docs"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    " 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "blob:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def test_anybody_reads_it_under_a_strict_policy() -> None:
    answer = Client().get(ADDRESS)

    parts = [part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";")]
    assert answer.status_code == 200
    assert dict(parts) == POLICY


def test_other_pages_keep_the_usual_policy() -> None:
    for address in ("/api/guides/", f"/api/problems/{next(iter(PROBLEMS))}"):
        policy = Client().get(address)["Content-Security-Policy"]
        assert "sha256" not in policy
        assert "blob:" not in policy


def test_its_script_ships_with_a_package() -> None:
    html = Client().get(ADDRESS).content.decode()

    assert re.findall(r'src="/static/(ninja/[^"]+)"', html) == ["ninja/redoc.standalone.js"]
    found = finders.find("ninja/redoc.standalone.js")
    assert isinstance(found, str)
    assert "site-packages" in Path(found).parts


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_draws_every_operation_and_finds_one(
    open_page: Callable[..., Page], live_server: LiveServer
) -> None:
    """The page fails this test if it asks another host, or breaks its policy."""
    page = open_page(**DESKTOP)
    page.goto(f"{live_server.url}{ADDRESS}")

    expect(page.get_by_role("heading", name="Send orders")).to_be_visible()
    paths = page.request.get(f"{live_server.url}/api/v1/openapi.json").json()["paths"]
    named = {one["operationId"] for path in paths.values() for one in path.values()}
    ids = page.evaluate("[...document.querySelectorAll('[id*=\"operation/\"]')].map(one => one.id)")
    assert {one.split("operation/")[1].split("/")[0] for one in ids} == named
    for device in (PHONE, DESKTOP):
        show_on(page, device)
        expect(page.get_by_role("heading", name="Send orders")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= device["width"]

    page.get_by_placeholder("Search...").fill("write-off")

    expect(page.get_by_role("menuitem", name="Write off debt")).to_be_visible()
