"""The email drawer, as staff use it: write, look at each mail, send, see what became of them."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser import click_into
from tests.journeys.steps import go_to


class Drawer:
    """The open drawer of that title; without script it is a page of its own."""

    def __init__(self, page: Page, title: str) -> None:
        self.page = page
        self.box: Locator = page.get_by_role("dialog", name=title)
        expect(self.box).to_be_visible()

    @property
    def subject(self) -> Locator:
        return self.box.get_by_role("textbox", name="Subject")

    @property
    def body(self) -> Locator:
        return self.box.get_by_role("textbox", name="Message")

    @property
    def mail(self) -> FrameLocator:
        """The mail that the preview shows."""
        return self.box.frame_locator("iframe")

    def says(self, *texts: str) -> None:
        for text in texts:
            expect(self.box).to_contain_text(text)

    def has_editors(self) -> None:
        """Wait until the boxes stand over the plain fields."""
        expect(self.box.locator("[contenteditable=true]")).to_have_count(2)

    def write_subject(self, text: str) -> None:
        """Replace the subject in the editor."""
        click_into(self.page, "dialog .editor-line", "ControlOrMeta+A")
        self.page.keyboard.press("Backspace")
        self.page.keyboard.type(text)

    def add_to_body(self, text: str) -> None:
        """Write a paragraph above all others in the editor."""
        click_into(self.page, "dialog .editor-text", "ControlOrMeta+Home")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        self.box.get_by_role("button", name=name, exact=True).click()

    def look_at(self, *people: tuple[str, str]) -> None:
        """Go through the previews: each name in turn, and something its mail says."""
        for number, (name, text) in enumerate(people, 1):
            self.says(f"Member {number} of {len(people)}", name)
            expect(self.mail.locator("body")).to_contain_text(text)
            if number < len(people):
                self.press("Next member")

    def is_done(self, *, accepted: int) -> None:
        """Wait until the worker has handed over every mail."""
        expect(self.box).to_contain_text(f"{accepted} of {accepted} done")
        report = self.box.get_by_role("definition").first
        expect(report).to_have_text(str(accepted))


def open_email_members(page: Page, offer: str) -> Drawer:
    """Reporting → Sales Tracking → the offer → the Email Members icon."""
    page.goto("/admin/juniper/")
    go_to(page, "Reporting", "Sales Tracking")
    page.get_by_role("link", name=offer, exact=True).click()
    page.get_by_role("link", name="Email Members").click()
    return Drawer(page, "Email Members")
