"""Pictures of every page: `make screens` writes them into .local/screens, with contact sheets.

Each page is drawn on a desktop and on a phone, in light and in dark, with much in it and with
little. It is no test by name, so the suite does not collect it; pytest is asked for it by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from affiliates.logins import user_for_proven_address
from notifications.unsubscribe_links import unsubscribe_link
from offers.dashboard_links import token_for
from tests.cast import Cast, assemble
from tests.journeys.busy_creator import make_busy
from tests.journeys.conftest import OpenPage
from tests.journeys.dashboards import dashboards
from tests.journeys.devices import DESKTOP, PHONE
from tests.journeys.furnished import empty_brand, furnish_richly
from tests.journeys.steps import path_of
from tests.journeys.test_accessibility import pages_of
from tests.own_processes import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOLDER = ROOT / ".local" / "screens"
ON_A_SHEET = 24
MAX_HEIGHT = 6_000  # CSS pixels of a page that are drawn
LOOKS = [
    pytest.param(device | {"color_scheme": scheme}, f"{name}-{scheme}", id=f"{name}-{scheme}")
    for name, device in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
]
in_every_look = pytest.mark.parametrize(("device", "look"), LOOKS)
Desk = Callable[..., Page]
SHEET = """<!doctype html><meta charset=utf-8><title>{title}</title><style>
body {{ font: 13px sans-serif; background: #888; margin: 12px }}
main {{ display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start }}
figure {{ margin: 0; width: {width}px; background: #fff }}
figcaption {{ padding: 4px 6px; overflow-wrap: anywhere }}
img {{ width: 100%; max-height: {height}px; object-fit: cover; object-position: top }}
</style><h1>{title}</h1><main>{figures}</main>"""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cache.clear()
    return assemble(timezone.now())


def draw(page: Page, pages: Iterable[tuple[str, str]], *, group: str, look: str) -> None:
    """Draw pages, given by name and address, and a contact sheet of them all."""
    folder = FOLDER / group / look
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for name, address in pages:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        drawn = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "home"
        width = page.viewport_size["width"] if page.viewport_size else DESKTOP["width"]
        height = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=folder / f"{drawn}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
        names.append((name, drawn, height))
    for number, start in enumerate(range(0, len(names), ON_A_SHEET), start=1):
        part = names[start : start + ON_A_SHEET]
        _draw_sheet(page, folder, f"{group}, {look}", part, number=number)


def _draw_sheet(
    page: Page, folder: Path, title: str, names: list[tuple[str, str, int]], *, number: int
) -> None:
    is_phone = title.endswith(("phone-light", "phone-dark"))
    figures = "".join(
        f'<figure><figcaption>{escape(name)} ({height}px)</figcaption><a href="{drawn}.png">'
        f'<img src="{drawn}.png"></a></figure>'
        for name, drawn, height in names
    )
    width, height = (260, 900) if is_phone else (460, 620)
    text = SHEET.format(title=escape(title), width=width, height=height, figures=figures)
    (folder / f"sheet-{number}.html").write_text(text)
    sheet = page.context.browser.new_page(viewport={"width": 1_920, "height": 1_080})  # type: ignore[union-attr]
    sheet.goto(f"file://{folder}/sheet-{number}.html")
    sheet.screenshot(path=folder.with_name(f"{folder.name}-{number}.png"), full_page=True)
    sheet.context.close()


def named(addresses: Iterable[str], *, under: str) -> Iterator[tuple[str, str]]:
    """Pages by what follows `under` in their addresses."""
    for address in addresses:
        yield address.removeprefix(under), address


@in_every_look
def test_admin(cast: Cast, client: Client, desk: Desk, device: dict[str, Any], look: str) -> None:
    full = furnish_richly(cast)
    client.force_login(cast.ines)
    addresses = list(pages_of(client, full.world.own_values()))
    draw(
        desk(cast.ines, **device),
        named(addresses, under="/admin/juniper/"),
        group="admin",
        look=look,
    )


@in_every_look
def test_admin_of_an_empty_brand(
    cast: Cast, client: Client, desk: Desk, device: dict[str, Any], look: str
) -> None:
    slug = empty_brand(cast.ines)
    client.force_login(cast.ines)
    addresses = list(pages_of(client, {"slug": slug}))
    draw(
        desk(cast.ines, **device),
        named(addresses, under=f"/admin/{slug}/"),
        group="admin-empty",
        look=look,
    )


@in_every_look
def test_dashboard(cast: Cast, open_page: OpenPage, device: dict[str, Any], look: str) -> None:
    full = furnish_richly(cast)
    mara = f"/d/{token_for(cast.mara_in_glow)}"
    pages = {
        "full": mara,
        **{page: f"{mara}/{page}" for page in ("links", "sources", "questions", "qr", "why")},
        "in yen": f"/d/{token_for(full.in_yen)}",
        **dashboards(cast),
    }
    draw(open_page(**device), pages.items(), group="dashboard", look=look)


@in_every_look
def test_portal(cast: Cast, desk: Desk, device: dict[str, Any], look: str) -> None:
    june = user_for_proven_address(email="june@okafor.example", now=cast.now)
    assert june is not None
    pages = [
        "home",
        "earnings",
        "payout",
        "payout/change",
        "emails",
        "security",
        "data",
        "data/delete",
    ]
    page = desk(june, **device)
    draw(page, _in_portal(pages), group="portal-little", look=look)
    make_busy(cast, now=timezone.now())
    draw(page, _in_portal(pages), group="portal", look=look)


def _in_portal(pages: Iterable[str]) -> Iterator[tuple[str, str]]:
    for page in pages:
        yield page, "/portal/" if page == "home" else f"/portal/{page}/"


@in_every_look
def test_pages_without_login(
    cast: Cast, open_page: OpenPage, device: dict[str, Any], look: str
) -> None:
    leave = path_of(unsubscribe_link(brand_id=cast.juniper.pk, address="mara@lindqvist.example"))
    pages = {
        "portal login": "/portal/login/",
        "staff login": "/account/login/",
        "unsubscribe": leave,
        "nothing here": "/nowhere",
        "link that never was": "/r/never-was-one",
        "guides": "/api/guides/",
    }
    draw(open_page(**device), pages.items(), group="without-login", look=look)
