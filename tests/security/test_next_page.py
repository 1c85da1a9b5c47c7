"""Where `next` and `back` lead: to a page of this site, and to the usual one from anything else."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from core.next_page import safe_redirect_path
from tests.cast import Cast
from tests.mailbox import Mailbox
from tests.portal.test_portal import mailed_code
from tests.security.people import gather, logged_in

NO_PAGES = [
    "",
    "foo",  # redirect() would look for a view of this name
    "front_door",
    "admin:index",
    "é",
    "?x",
    "#x",
    "a b",
    "http://[",  # urlsplit raises ValueError
    "http://testserver/",
    "//testserver/",
    "//else.example/",
    "/\\else.example/",
    "///else.example/",
    "https:else.example",
    "javascript:alert(1)",
    "/\t/else.example",
]
READERS = {
    "/account/login/": "nobody",
    "/account/login/code/": "owner",
    "/account/logout/": "nobody",
    "/account/reauthenticate/": "owner",
    "/account/confirm/": "creator",
    "/account/confirm/code/": "creator",
    "/language": "nobody",
    "/admin/juniper/members/change/": "owner",
    "/admin/juniper/conversions/judge/": "owner",
}


@pytest.mark.parametrize("wanted", ["foo", "é", "http://[", "//else.example/"])
def test_what_is_no_page_of_ours_leads_nowhere(wanted: str, cast: Cast) -> None:
    people = gather(cast)
    browsers = {
        "nobody": logged_in(None),
        "owner": logged_in(people.owner, method="password"),
        "creator": logged_in(people.creator, method="code"),
    }
    sent = {"next": wanted, "back": wanted, "email": "new@fern.example", "language": "de"}

    for page, reader in READERS.items():
        address = f"{page}?next={quote(wanted, safe='')}"
        for answer in (browsers[reader].get(address), browsers[reader].post(address, sent)):
            assert answer.status_code < 500, page
            assert re.match("/(?!/)", answer.get("Location", "/")), page


def test_a_mailed_code_leads_to_a_page_of_ours_alone(cast: Cast, mailbox: Mailbox) -> None:
    browser = logged_in(gather(cast).creator)

    asked = browser.post("/account/confirm/?next=foo")
    entered = browser.post(asked["Location"], {"code": mailed_code(mailbox)})

    assert entered["Location"] == "/"


def test_an_address_is_a_page_of_ours_or_none() -> None:
    assert (
        safe_redirect_path("/admin/juniper/members/?tag=a b") == "/admin/juniper/members/?tag=a b"
    )
    assert [wanted for wanted in NO_PAGES if safe_redirect_path(wanted)] == []
