"""A page has one stylesheet, kept for ever under an address that changes with its content."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from core import assets
from core.assets import (
    MAX_CARRIED_STYLES,
    STYLESHEETS,
    carried_style,
    stylesheet,
    without_comments,
)
from core.templatetags.page import accent_stylesheet, page_stylesheet

CSS = Path(settings.BASE_DIR) / "static" / "css"


@pytest.mark.parametrize("name", sorted(STYLESHEETS))
def test_a_stylesheet_is_one_request_kept_for_ever(client: Client, name: str) -> None:
    response = client.get(page_stylesheet(name))

    assert response.status_code == 200
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content == stylesheet(name).body


def test_it_is_compressed_for_who_can_read_that(client: Client) -> None:
    response = client.get(page_stylesheet("portal"), headers={"accept-encoding": "br, gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert response["Vary"] == "Accept-Encoding"
    assert gzip.decompress(response.content) == stylesheet("portal").body


def test_an_old_address_gets_the_present_stylesheet_and_does_not_keep_it(client: Client) -> None:
    response = client.get("/assets/portal.0123456789ab.css")

    assert response["Cache-Control"] == "no-cache"
    assert response.content == stylesheet("portal").body


def test_an_unknown_stylesheet_is_not_found(client: Client) -> None:
    assert client.get("/assets/other.0123456789ab.css").status_code == 404


def test_every_components_stylesheet_is_served() -> None:
    written = {f"components/{path.stem}" for path in (CSS / "components").glob("*.css")}
    served = {name for names in STYLESHEETS.values() for name in names}

    assert written == {name for name in served if name.startswith("components/")}


def test_comments_and_line_breaks_stay_on_the_server() -> None:
    written = """/* Why. */
    @layer base {
      a:hover,
      a b { content: "a  b";
        margin: 0
          auto }
      p { color: red } /* Or
      not. */
    }
    """

    assert without_comments(written) == (
        '@layer base {a:hover,a b { content: "a  b";margin: 0 auto }p { color: red }}'
    )
    assert "*/" not in stylesheet("portal").body.decode()


def test_the_phone_pages_stylesheet_stays_light() -> None:
    assert len(stylesheet("portal").compressed) < 9_000


def test_an_accent_is_a_stylesheet_of_three_tokens(client: Client) -> None:
    response = client.get(accent_stylesheet("#7A1FA2"))

    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content.decode().startswith("@layer tokens{:root{--accent:light-dark(#7a1fa2,#")


@pytest.mark.parametrize("colour", ["red", "7A1FA2", "12345", "}body{}"])
def test_what_is_no_colour_has_no_address(client: Client, colour: str) -> None:
    assert client.get(f"/assets/accent/{colour}.css").status_code == 404


def test_a_page_may_carry_its_stylesheet_and_its_policy_names_exactly_that() -> None:
    style = carried_style("portal", "#7A1FA2")

    assert style.body.startswith(stylesheet("portal").body.decode())
    assert "--accent:light-dark(#7a1fa2," in style.body
    assert "</" not in style.body
    digest = base64.b64encode(hashlib.sha256(style.body.encode()).digest()).decode()
    assert style.source == f"'sha256-{digest}'"
    assert carried_style("portal", "").body == stylesheet("portal").body.decode()


def test_a_bounded_number_of_brands_stylesheets_is_kept() -> None:
    for number in range(MAX_CARRIED_STYLES + 40):
        carried_style("portal", f"#{number:06x}")

    assert assets._carried.cache_info().currsize == MAX_CARRIED_STYLES
