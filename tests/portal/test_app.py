"""The portal as an app on a home screen: its manifest, its icons, and what they never tell."""

from __future__ import annotations

import re
import struct
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from affiliates.models import Member
from core.tenancy import acting_for
from tests.architecture.source import ROOT
from tests.cast import Cast
from tests.portal.conftest import text_of

MANIFEST = re.compile(r'<link rel="manifest" href="([^"]+)">')


def manifest_of(client: Client, path: str) -> list[str]:
    return MANIFEST.findall(text_of(client, path))


def test_it_starts_in_the_portal_and_holds_portal_and_dashboards(client: Client) -> None:
    answer = client.get("/app/de.webmanifest")
    app: dict[str, Any] = answer.json()

    assert answer["Content-Type"] == "application/manifest+json"
    assert (app["id"], app["start_url"], app["scope"]) == ("/portal/", "/portal/", "/")
    assert (app["name"], app["display"], app["lang"]) == ("Tributary", "standalone", "de")
    assert [shortcut["name"] for shortcut in app["shortcuts"]] == ["Verdienst", "Konto"]


def test_each_icon_has_the_size_that_the_manifest_says(client: Client) -> None:
    icons = client.get("/app/en.webmanifest").json()["icons"]

    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        path = ROOT / "static" / icon["src"].removeprefix(f"/{settings.STATIC_URL.strip('/')}/")
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        assert icon["sizes"] == f"{width}x{height}"


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_a_dashboard_asks_for_what_everybody_gets(client: Client, path: str, language: str) -> None:
    """Its own address, a secret, would reach the server of the browser's maker."""
    client.cookies["language"] = language

    [address] = manifest_of(client, path)
    answer = client.get(address)

    assert address == f"/app/{language}.webmanifest"
    assert "/d/" not in answer.content.decode()
    assert answer.content == Client().get(address).content
    assert "manifest-src 'self'" in client.get(path)["Content-Security-Policy"]
    assert "Set-Cookie" not in answer
    assert answer["Cache-Control"].startswith("public")


def test_who_cannot_log_in_is_offered_no_app(cast: Cast, client: Client, path: str) -> None:
    with acting_for(cast.juniper):
        Member.objects.filter(pk=cast.mara.pk).update(email="")

    assert manifest_of(client, path) == []
    assert manifest_of(client, "/portal/login/") == ["/app/en.webmanifest"]


def test_there_is_no_other_language(client: Client) -> None:
    assert client.get("/app/xx.webmanifest").status_code == 404
