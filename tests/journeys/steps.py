"""What people do in more than one journey: go to a section, read a mail, tick rows."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.mailbox import Mailbox

STATS = "View my performance stats"
ON_CLIPBOARD = "async text => await navigator.clipboard.readText() === text"


def go_to(page: Page, *path: str) -> None:
    """Click a section in the left navigation, under its heading; a phone has it behind the menu."""
    page.wait_for_load_state()  # a click has waited for the page to begin; it may have no menu yet
    menu = page.locator(".admin-bar summary")
    if menu.is_visible():
        menu.click()
    *headings, section = path
    for heading in headings:
        expect(page.locator(".navigation-group:visible", has_text=heading)).to_be_visible()
    page.get_by_role("link", name=section, exact=True).and_(
        page.locator(".navigation a:visible")
    ).click()
    expect(page.locator("#main")).to_be_visible()


def go_to_step(page: Page, project: str, step: str) -> None:
    """Open the project and click a step of its Sales Tracking stage."""
    go_to(page, "Projects")
    page.get_by_role("link", name=project).click()
    stage = page.get_by_role("list", name="Sales Tracking")
    stage.get_by_role("link", name=step).click()
    expect(page.locator("[aria-current=step]")).to_contain_text(step)


def tick(page: Page, *names: str) -> None:
    """Tick the rows of these members."""
    for name in names:
        page.get_by_label(f"Select {name}", exact=True).check()


def row_of(page: Page, text: str) -> Locator:
    """The row of a table that begins with `text`."""
    return page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name=re.compile(re.escape(text)))
    )


def copied(page: Page, button: Locator) -> str:
    """Press a button that copies, and read the clipboard once the text has arrived there."""
    button.click()
    page.wait_for_function(ON_CLIPBOARD, arg=button.get_attribute("data-copy"))
    return str(page.evaluate("navigator.clipboard.readText()"))


def path_of(address: str) -> str:
    """The address without its server."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def only_mail_to(mailbox: Mailbox, address: str) -> EmailMessage:
    """The mail to `address`, which must be the only one; it may still be under way."""
    found = mailbox.wait_for(address)
    assert len(found) == 1, f"{address} has {len(found)} mails: {[m['Subject'] for m in found]}"
    return found[0]


def code_in(mail: EmailMessage) -> str:
    """The code to log in with, or to prove oneself by."""
    found = re.search(r"^\s+(\d{6})\b", text_of(mail), re.MULTILINE)
    assert found is not None, f"no code in the mail:\n{text_of(mail)}"
    return found[1]


def text_of(mail: EmailMessage) -> str:
    """The mail as plain text, with plain spaces."""
    part = mail.get_body(("plain",))
    assert part is not None, "the mail has no plain text"
    return str(part.get_content()).replace("\N{NO-BREAK SPACE}", " ")


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None, "the mail has no HTML"
    return str(part.get_content())


def link_in(mail: EmailMessage, label: str = STATS) -> str:
    """Where the link of this label in the mail's HTML leads."""
    links = _Links()
    links.feed(html_of(mail))
    assert label in links.found, f"no link {label!r} in the mail, but {sorted(links.found)}"
    return links.found[label]


class _Links(HTMLParser):
    """Every link by its text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.href: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.href, self.text = dict(attrs).get("href"), ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.href is not None:
            self.found[" ".join(self.text.split())] = self.href
            self.href = None
