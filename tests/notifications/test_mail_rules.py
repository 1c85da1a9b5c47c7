"""Every mail holds the rules of mail clients, Outlook for Windows among them.

The rules are those of caniemail.com and of Microsoft's "Word 2007 HTML and CSS rendering
capabilities in Outlook": what is not on the lists below, some client ignores or removes.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from notifications.rendering import BrandStyle, Prepared, prepare, render
from tracking.outreach.first_texts import FIRST_TEXTS

TAGS = re.compile(
    r"html|head|meta|title|style|body|div|table|tbody|tr|td|th|img|br|hr|p|h[123]|ul|ol|li"
    r"|blockquote|a|b|strong|i|em|u|s|code"
)
PROPERTIES = re.compile(
    r"(margin|padding|border)(-(top|right|bottom|left))?(-(color|style|width))?|border-radius"
    r"|border-collapse|border-spacing|background-color|color|font(-(size|weight|family|style))?"
    r"|line-height|letter-spacing|text-align|text-decoration|vertical-align|word-break"
    r"|(max-|min-)?(width|height)|display|overflow|opacity|(-webkit-)?user-select"
    r"|-webkit-text-size-adjust|mso-[a-z-]+"
)
CLIPPED_BYTES = 102_000  # Gmail hides the rest of a longer mail
VALUES = {
    "first_name": "Mara",
    "full_name": "Mara Lindqvist",
    "brand_name": "Juniper & Co",
    "offer_name": "Winter Glow",
    "promo_code": "MARA12",
    "tracking_link": "https://go.example/r/k3v9",
    "commission": "12.5% of every sale",
    "dashboard_link": "https://app.example/d/abc",
    "sender_name": "Ines",
}
EVERYTHING = """
<p>Hi {{ first_name | there }},</p><p>Our <b>news</b>: {{ offer_name }}.</p><h2>Codes</h2>
<p>Your code: <code>{{ promo_code }}</code></p><p><code>SPRING</code></p>
<ul><li>one</li><li>two</li></ul><blockquote><p>Kept</p></blockquote><hr>
<table><tr><th>Week</th><th>Sales</th></tr><tr><td>1</td><td data-bar="60"></td></tr></table>
<p><a href="{{ dashboard_link }}">See my dashboard</a></p>
"""


class Reader(HTMLParser):
    """What a mail's HTML holds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str, **having: str) -> list[dict[str, str]]:
        return [
            attributes
            for name, attributes in self.tags
            if name == tag and having.items() <= attributes.items()
        ]


def prepared(body: str) -> Prepared:
    style = BrandStyle(
        accent="#aa3355", logo="https://app.example/l.png", postal_address="1 Mill Lane\nLeeds"
    )
    return prepare(subject="Hello", body=body, style=style)


def html_of(body: str) -> str:
    mail = prepared(body)
    return render(mail, values=VALUES, unsubscribe_link="https://app.example/u/1").html


@pytest.fixture(params=[*(text.body for text in FIRST_TEXTS.values()), EVERYTHING])
def html(request: pytest.FixtureRequest) -> str:
    return html_of(request.param)


def test_it_says_its_charset_first(html: str) -> None:
    assert html.index('<meta charset="utf-8">') < 200
    assert html.startswith("<!DOCTYPE html>")


def test_it_holds_only_what_every_client_shows(html: str) -> None:
    found = Reader(html)

    assert [tag for tag, _ in found.tags if not TAGS.fullmatch(tag)] == []
    inline = ";".join(attributes.get("style", "") for _, attributes in found.tags)
    names = {one.partition(":")[0].strip() for one in inline.split(";")} - {""}
    assert [name for name in sorted(names) if not PROPERTIES.fullmatch(name)] == []
    assert len(html.encode()) < CLIPPED_BYTES


def test_nothing_is_loaded_but_pictures_with_a_size_and_words(html: str) -> None:
    found = Reader(html)

    assert found.all("link") == []
    assert "url(" not in html
    assert "@import" not in html
    for image in found.all("img"):
        assert image["src"].startswith("https://")
        assert "alt" in image
        assert image["height"].isdecimal()


def test_tables_that_lay_out_are_no_tables_for_a_screen_reader(html: str) -> None:
    for table in Reader(html).all("table"):
        assert table.get("role") == "presentation" or table["class"] == "table"


def test_outlook_gets_a_column_of_a_fixed_width_and_a_font_it_knows(html: str) -> None:
    only_outlook = "".join(re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html))

    assert '<table role="presentation" width="560"' in only_outlook
    assert "</td></tr></table>" in only_outlook
    assert "Arial, sans-serif !important" in only_outlook
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in only_outlook


def test_a_button_is_padded_and_coloured_on_its_cell() -> None:
    html = html_of('<p>Hi</p><p><a href="{{ dashboard_link }}">See my dashboard</a></p>')
    [(_, cell)] = re.findall(r'(class="button".*?)<td style="([^"]*)">\s*<a', html)

    assert "background-color" in cell
    assert "mso-padding-alt: 13px 22px" in re.sub(r":\s*", ": ", cell)


def test_a_code_is_a_block_to_tap_with_its_words() -> None:
    mail = prepared("<p>Hi</p><p>Your code: <code>{{ promo_code }}</code></p>")
    given = render(mail, values=VALUES, unsubscribe_link="https://app.example/u/1")
    none = render(
        mail, values={**VALUES, "promo_code": None}, unsubscribe_link="https://app.example/u/1"
    )

    [cell] = re.findall(r'class="code".*?<td[^>]*>(.*?)</td>', given.html)
    assert re.sub(r"<[^>]*>", " ", cell).split() == ["Your", "code:", "MARA12"]
    assert "user-select" in cell
    assert "Your code: MARA12" in given.text
    assert "Your code" not in none.html + none.text


def test_inboxes_show_the_first_words_after_the_greeting() -> None:
    html = html_of("<p>Hi {{ first_name }},</p><p>Our <b>{{ offer_name }}</b> &amp; more.</p>")

    [words] = re.findall(r'<div class="preheader"[^>]*>(.*?)</div>', html)
    assert words == "Our Winter Glow &amp; more."


@pytest.mark.parametrize(
    "table",
    [
        (
            "<table><thead><tr><th>Week</th><th>Sales</th></tr></thead>"
            "<tbody><tr><td><p>1</p><p>to 7</p></td><td>9</td></tr></tbody></table>"
        ),
        '<table border="1" style="mso-x:y"><tr><th>Week<th>Sales<tr><td>1<br>to 7<td>9</table>',
        (
            "<table><tr><th>Week</th><th>Sales</th></tr><tr>"
            "<td><ul><li>1</li><li>to 7</li></ul></td><td>9</td></tr>"
            "<tr><td> </td><td></td></tr></table>"
        ),
    ],
)
def test_a_pasted_table_stays_a_table(table: str) -> None:
    mail = render(
        prepared(f"<p>Look:</p>{table}"), values=VALUES, unsubscribe_link="https://app.example/u/1"
    )

    rows = re.findall(r"<tr>(.*?)</tr>", mail.html.partition('class="table"')[2])
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows[:2]]
    assert cells == [["Week", "Sales"], ["1<br>to 7", "9"]]
    assert "Week | Sales\n1 to 7 | 9\n" in mail.text


def test_a_row_is_left_out_with_what_does_not_apply() -> None:
    body = "<p>Hi</p><table><tr><td>Code</td><td>{{ promo_code }}</td></tr></table><p>Bye</p>"
    mail = render(
        prepared(body), values={**VALUES, "promo_code": None}, unsubscribe_link="https://x.example"
    )

    assert 'class="table"' not in mail.html
    assert "Code" not in mail.text
