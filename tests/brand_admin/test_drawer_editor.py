"""The email drawer in a browser: its editor, which is loaded on use, and where the focus is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.brand_admin.desk import at
from tests.browser import click_into
from tests.cast import Cast, assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASTE = """([box, html]) => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    const target = document.querySelector(`${box} .ProseMirror`);
    const options = { clipboardData: data, bubbles: true, cancelable: true };
    target.dispatchEvent(new ClipboardEvent("paste", options));
}"""
# As Word and Google Sheets put them on the clipboard.
WORD_LIST = """
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if
!supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span><![endif]>Post it
twice</p><p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span
style='mso-list:Ignore'>o<span>&nbsp; </span></span>in May</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span
style='mso-list:Ignore'>·</span>Tag us</p><p class=MsoNormal><span
style='font-weight:700'>Then:</span></p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span
style='mso-list:Ignore'>1.</span>Send it</p>"""
TABLE = """<google-sheets-html-origin><table dir="ltr" style="width:0px" border="1"><colgroup><col
width="100"></colgroup><tbody><tr style="height:21px"><td style="font-size:10pt">Tier</td><td>Rate
</td></tr><tr><td>Gold</td><td>15%</td></tr></tbody></table></google-sheets-html-origin>"""
# Whether a button can be pressed as soon as it is there, without leaving the drawer.
WATCH_FORMS = """() => document.addEventListener("htmx:afterSwap", event => setTimeout(() => {
    const forms = [...event.target.querySelectorAll("form[data-hx-post]")];
    window.isReady = forms.length > 0 && forms.every(
        form => form["htmx-internal-data"]?.initHash !== undefined);
}))"""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return assemble()


@pytest.fixture
def drawer(cast: Cast, desk: Callable[..., Page]) -> Page:
    page = desk(cast.ines, width=1200, height=860)
    page.goto(at(cast.juniper, "offer_report", offer_id=cast.glow.pk))
    page.get_by_role("link", name="Email Members").click()
    expect(page.get_by_role("textbox", name="Subject")).to_be_focused()
    return page


def preview(page: Page) -> str:
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("Member 1 of 3").wait_for()
    body = page.frame_locator("iframe").locator("body")
    body.get_by_text("Thanks,").first.wait_for()
    return str(body.inner_html())


def test_a_drawer_that_is_not_written_in_loads_no_editor(drawer: Page) -> None:
    loaded: list[str] = []
    drawer.on("request", lambda request: loaded.append(request.url))
    drawer.reload()
    drawer.get_by_role("link", name="Email Members").click()
    expect(drawer.locator(".editor-line .chip").first).to_have_text("offer_name")
    preview(drawer)

    assert [url for url in loaded if "/editor" in url] == []


def test_a_new_button_does_not_leave_the_drawer_however_soon_it_is_pressed(drawer: Page) -> None:
    drawer.evaluate(WATCH_FORMS)

    preview(drawer)

    assert drawer.evaluate("window.isReady")


def test_what_is_written_while_the_editor_loads_is_kept(drawer: Page) -> None:

    def hold(route: Route) -> None:
        held.append(route)

    held: list[Route] = []
    drawer.route(re.compile(r"django_prose_editor/editor"), hold)
    drawer.keyboard.press("End")
    drawer.keyboard.type(" now")
    expect(drawer.locator("[name=subject]")).to_have_value(
        "Welcome to {{ offer_name }} by {{ brand_name }} now"
    )
    drawer.keyboard.press("ArrowLeft")
    drawer.keyboard.press("Shift+ArrowLeft")
    held[0].continue_()
    drawer.locator(".editor-line[data-ready]").wait_for()
    drawer.keyboard.type("e")

    expect(drawer.locator("[name=subject]")).to_have_value(
        "Welcome to {{ offer_name }} by {{ brand_name }} new"
    )


def test_escape_closes_the_drawer_from_within_the_editor(drawer: Page) -> None:
    click_into(drawer, ".editor-text", "End")

    drawer.keyboard.press("Escape")

    expect(drawer.get_by_role("dialog")).to_have_count(0)
    expect(drawer.get_by_role("link", name="Email Members")).to_be_focused()


def test_a_pasted_list_of_word_and_a_table_arrive_in_the_mail(drawer: Page) -> None:
    click_into(drawer, ".editor-text", "Control+Home")
    drawer.evaluate(PASTE, [".editor-text", WORD_LIST])
    drawer.locator(".editor-text ol").wait_for()
    click_into(drawer, ".editor-text", "Control+End")
    drawer.evaluate(PASTE, [".editor-text", TABLE])
    drawer.locator(".editor-text td").first.wait_for()

    mail = re.sub(r' (style|class|role|align|valign)="[^"]*"|\n|</?p\b[^>]*>', "", preview(drawer))

    assert "<ul><li>Post it twice<ul><li>in May</li></ul></li><li>Tag us</li></ul>" in mail
    assert "<strong>Then:</strong><ol><li>Send it" in mail
    assert "<tr><td>Tier</td><td>Rate</td></tr><tr><td>Gold</td><td>15%</td></tr>" in mail


def test_each_step_begins_where_it_was_pressed_or_with_its_title(drawer: Page) -> None:
    preview(drawer)
    title = drawer.get_by_role("heading", name="Email Members", level=2)
    expect(title).to_be_focused()

    drawer.get_by_role("button", name="Next member").click()
    drawer.get_by_text("Member 2 of 3").wait_for()
    expect(drawer.get_by_role("button", name="Next member")).to_be_focused()
    drawer.get_by_role("button", name="Send a test to me").click()
    drawer.get_by_text("We are sending").wait_for()
    expect(drawer.get_by_role("button", name="Send a test to me")).to_be_focused()
    drawer.get_by_role("button", name="Back").click()
    expect(drawer.get_by_role("textbox", name="Subject")).to_be_focused()


def test_what_is_said_in_passing_covers_no_button(drawer: Page) -> None:
    preview(drawer)

    drawer.keyboard.press("Escape")

    said = drawer.locator(".toast").bounding_box()
    back = drawer.get_by_role("button", name="Back").bounding_box()
    assert said is not None
    assert back is not None
    assert said["y"] + said["height"] <= back["y"]
