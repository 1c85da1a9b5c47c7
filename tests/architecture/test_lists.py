"""Every list of the brand admin that turns pages is searched, sorted and exported as it stands."""

from __future__ import annotations

import html
import re

from django.test import Client

from tests.answers import page_text
from tests.architecture.routes import Route, in_brand_admin
from tests.architecture.world import World

PAGES = 'class="pagination"'
EXPORT = re.compile(r'href="([^"]+\.csv[^"]*)"[^>]*>(?:(?!</a>).)*Export CSV', re.DOTALL)
# Not lists to take home: one picks from them, or reads what was left out of one piece of work.
PICKED_FROM = {
    "admin/<slug:slug>/projects/<int:project_id>/add-members/": "who is added to a project",
    "admin/<slug:slug>/reporting/sales-tracking/<int:offer_id>/add-members/": "and to an offer",
    "admin/<slug:slug>/payments/adjustment/": "whom a bonus is for",
    "admin/<slug:slug>/conversions/unattributed/member/": "whom orders are credited to",
    "admin/<slug:slug>/conversions/share-member/": "and whom an order is shared with",
    "admin/<slug:slug>/connections/codes/<int:discount_id>/<int:code_id>/give/": "and who gets a"
    " code of the shop",
    "admin/<slug:slug>/background/<int:work_id>/": "its lines are searched in their file",
}
NEWEST_FIRST = {  # logs: read from the newest on, and narrowed by days or by words
    "admin/<slug:slug>/settings/audit-log/",
    "admin/<slug:slug>/members/<int:member_id>/history/",
    "admin/<slug:slug>/members/<int:member_id>/messages/",
    "admin/<slug:slug>/emails/messages/",
}


def pages_with_lists(client: Client, world: World) -> dict[Route, str]:
    """The pages that turn pages, as somebody who may do everything sees them."""
    found = {}
    for route in in_brand_admin():
        if route.pattern.endswith((".csv", ".pdf")):
            continue
        answer = client.get(route.address(world.own_values()))
        if answer.status_code == 200 and not answer.streaming:
            text = page_text(answer)
            if PAGES in text:
                found[route] = text
    return found


def test_every_list_is_searched_sorted_and_exported(world: World) -> None:
    client = Client()
    client.force_login(world.cast.ines)
    lists = pages_with_lists(client, world)

    assert len(lists) >= 20
    assert PICKED_FROM.keys() <= {str(route) for route in in_brand_admin()}
    without_search = {str(route) for route, text in lists.items() if 'type="search"' not in text}
    without_sort = {str(route) for route, text in lists.items() if 'class="sort"' not in text}
    without_export = {str(route) for route, text in lists.items() if not EXPORT.search(text)}
    assert without_search - PICKED_FROM.keys() == set()
    assert without_sort - PICKED_FROM.keys() == NEWEST_FIRST
    assert without_export - PICKED_FROM.keys() == set()


def test_every_export_button_gives_the_file_to_a_viewer(world: World) -> None:
    owner, viewer = Client(), Client()
    owner.force_login(world.cast.ines)
    viewer.force_login(world.cast.vera)

    for route, text in pages_with_lists(owner, world).items():
        for address in map(html.unescape, EXPORT.findall(text)):
            answer = viewer.get(address)
            assert (str(route), answer.status_code) == (str(route), 200)
            assert answer["Content-Type"].startswith("text/csv")
            lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
            assert len(lines) > 1, address
