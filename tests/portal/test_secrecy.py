"""A dashboard's link stays between the member and us: every request of a browser is looked at."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from offers.dashboard_links import token_for
from tests.cast import Cast, assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("", "/why", "/links", "/qr", "/questions")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


def test_no_request_leaves_or_tells_where_it_comes_from(
    cast: Cast, open_page: Callable[..., Page], live_server: LiveServer
) -> None:
    token = token_for(cast.mara_in_glow)
    requests: list[Request] = []
    page = open_page(width=390)
    page.on("request", lambda one: requests.append(one))
    for name in PAGES:
        page.goto(f"/d/{token}{name}")
    page.goto(f"/d/{token}")
    assert page.context.cookies() == []
    page.get_by_role("link", name="All my offers").click()
    expect(page).not_to_have_url(f"/d/{token}")

    hosts = {urlsplit(one.url).netloc for one in requests if one.url.startswith("http")}
    told = [one.all_headers().get("referer", "") for one in requests]
    assets = [one.url for one in requests if f"/d/{token}" not in one.url]
    assert len(requests) > 20
    assert hosts == {urlsplit(live_server.url).netloc}
    assert [referrer for referrer in told if token in referrer] == []
    assert [url for url in assets if token in url] == []
