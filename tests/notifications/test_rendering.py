"""Templates are data: what they may hold, what is left out, and what blocks a recipient."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from itertools import product
from urllib.parse import unquote

import pytest

from notifications.rendering import (
    VARIABLES,
    BrandStyle,
    MissingValueError,
    Prepared,
    TemplateError,
    missing_values,
    prepare,
    render,
)
from tests.notifications.senders import BODY, SUBJECT, values

LINK = "https://go.example/u/token"


def prepared(body: str = BODY, subject: str = SUBJECT) -> Prepared:
    return prepare(subject=subject, body=body, style=BrandStyle())


def html_of(body: str, **changes: str | None) -> str:
    """The content of the mail, without the layout."""
    page = render(prepared(body), values=values(**changes), unsubscribe_link=LINK).html
    content = page.split('class="card"', 1)[1].split(">", 1)[1].split('class="foot"')[0]
    return content.removesuffix("<tr><td ").rstrip().removesuffix("</td></tr>")


def text_of(body: str, **changes: str | None) -> str:
    mail = render(prepared(body), values=values(**changes), unsubscribe_link=LINK)
    return mail.text.split("\n-- \n")[0].strip("\n")


def test_a_mail_says_what_the_template_says_with_the_persons_values() -> None:
    mail = render(prepared(), values=values(), unsubscribe_link=LINK)

    assert mail.subject == "Your Winter Glow details from Juniper & Co"
    assert mail.text == (
        "Hi Mara,\n\n"
        "Your code: MARA15\nYour link: https://go.example/r/mara?a=1&b=2\n\n"
        "View my performance stats: https://go.example/d/token\n\n"
        "Thanks,\nInes\n\n"
        "-- \n"
        "You receive this because you are a member of Juniper & Co.\n"
        f"Unsubscribe: {LINK}\n"
    )
    assert f'<a href="{LINK}"' in mail.html


def test_the_same_arguments_give_the_same_bytes() -> None:
    one = render(prepared(), values=values(), unsubscribe_link=LINK)
    other = render(prepared(), values=values(), unsubscribe_link=LINK)

    assert one == other


def test_every_variable_of_the_list_can_be_used() -> None:
    for name in VARIABLES:
        given = values()[name]

        assert given is not None
        assert text_of(f"<p>Here: {{{{{name}}}}}</p>") == f"Here: {given}"


def test_a_value_is_escaped_in_html_and_plain_in_text() -> None:
    evil = '<script>alert("1")</script> & {{ brand_name }}'

    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; {{ brand_name }}" in html_of(
        "<p>Hi {{ first_name }}</p>", first_name=evil
    )
    assert text_of("<p>Hi {{ first_name }}</p>", first_name=evil) == f"Hi {evil}"


def test_a_fallback_stands_in_for_what_is_missing() -> None:
    body = "<p>Hi {{ first_name | you &amp; me }},</p>"

    assert text_of(body, first_name="") == "Hi you & me,"
    assert "Hi you &amp; me," in html_of(body, first_name="")
    assert text_of(body, first_name="Mara") == "Hi Mara,"


def test_a_missing_value_without_a_fallback_blocks_and_is_named() -> None:
    mail = prepared("<p>{{ first_name }} {{ promo_code }}</p>")
    lacking = values(first_name="  ", promo_code="")

    with pytest.raises(MissingValueError) as error:
        render(mail, values=lacking, unsubscribe_link=LINK)

    assert error.value.variables == ("first_name", "promo_code")
    assert missing_values(mail, values=lacking) == ("first_name", "promo_code")
    assert missing_values(mail, values=values()) == ()


def test_a_link_that_is_not_a_web_address_counts_as_missing() -> None:
    mail = prepared('<p><a href="{{ dashboard_link }}">Go</a></p>')

    assert missing_values(mail, values=values(dashboard_link="javascript:alert(1)")) == (
        "dashboard_link",
    )


def test_a_line_whose_variable_does_not_apply_is_left_out() -> None:
    body = "<p>Code: {{ promo_code }}<br>Link: {{ tracking_link }}<br>End</p>"

    assert text_of(body, tracking_link=None) == "Code: MARA15\nEnd"
    assert "Code: MARA15<br>End</p>" in html_of(body, tracking_link=None)
    assert text_of(body, promo_code=None) == ("Link: https://go.example/r/mara?a=1&b=2\nEnd")


def test_a_paragraph_item_or_button_whose_only_line_goes_leaves_nothing() -> None:
    body = (
        "<p>Hi</p><p>{{ promo_code }}</p><ul><li>{{ promo_code }}</li></ul>"
        "<ul><li>a</li><li>{{ promo_code }}</li></ul>"
        '<p><a href="{{ tracking_link }}">Shop</a></p>'
    )

    assert text_of(body, promo_code=None, tracking_link=None) == "Hi\n\n- a"
    html = html_of(body, promo_code=None, tracking_link=None)
    assert html.count("<p") == 1
    assert html.count("<ul") == 1
    assert html.count("<li") == 1
    assert "<a" not in html


def test_a_missing_value_in_a_line_that_goes_anyway_blocks_nobody() -> None:
    mail = prepared("<p>Hi</p><p>{{ promo_code }} for {{ first_name }}</p>")

    assert missing_values(mail, values=values(promo_code=None, first_name="")) == ()


def test_a_mail_of_which_nothing_would_be_left_is_blocked() -> None:
    mail = prepared("<p>{{ promo_code }}</p>")

    assert missing_values(mail, values=values(promo_code=None)) == ("promo_code",)


def test_a_subject_can_not_leave_out_a_line() -> None:
    mail = prepared(subject="{{ promo_code }} is yours")

    assert missing_values(mail, values=values(promo_code=None)) == ("promo_code",)


def test_a_subject_stays_one_line_whatever_the_value() -> None:
    mail = prepared(subject="For {{ first_name }}")
    filled = render(
        mail, values=values(first_name="M\r\nBcc: all@example.com"), unsubscribe_link=LINK
    )

    assert filled.subject == "For M Bcc: all@example.com"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ frist_name }}", "There is no variable “frist_name”. Did you mean first_name?"),
        ("{{ First Name }}", "There is no variable “First Name”. Did you mean first_name?"),
        ("{{ nonsense }}", "There is no variable “nonsense”."),
        ("{{ unsubscribe_link }}", "There is no variable “unsubscribe_link”."),
        ("{{ }}", "There is an empty variable: put a name between {{ and }}."),
        ("Hi {{ first_name, and", "The brace opened at “{{ first_name, and” is never closed"),
        ("Hi {{ first_name }", "The brace opened at “{{ first_name }” is never closed"),
        ("Hi first_name }}", "The brace closed at “Hi first_name }}” was never opened"),
        ("Hi {first_name}", "“{first_name}” has one brace on each side: write {{ first_name }}."),
        ("{{ first_name | }}", "first_name has a bar but no fallback after it"),
        ("{{ first_name | safe | upper }}", "first_name has more than one fallback."),
        ("{{ dashboard_link | x }}", "dashboard_link is a link and takes no fallback."),
    ],
)
def test_a_wrong_variable_is_named(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as in_body:
        prepared(f"<p>{text}</p>")
    with pytest.raises(TemplateError) as in_subject:
        prepared(subject=text)

    assert str(in_body.value).startswith(message)
    assert str(in_subject.value).startswith(message)


@pytest.mark.parametrize(
    ("href", "message"),
    [
        ("{{ first_name }}", "first_name is not a link"),
        (
            "{{ dashbord_link }}",
            "There is no variable “dashbord_link”. Did you mean dashboard_link",
        ),
        ("https://x.example/?code={{ promo_code }}", "The link address "),
    ],
)
def test_a_link_is_an_address_or_one_link_variable(href: str, message: str) -> None:
    with pytest.raises(TemplateError) as error:
        prepared(f'<p><a href="{href}">Go</a> now</p>')

    assert str(error.value).startswith(message)


def test_a_variable_split_by_bold_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(TemplateError, match="never closed"):
        prepared("<p>{{ <b>first_name</b> }}</p>")


def test_html_is_sanitised() -> None:
    html = html_of(
        '<p style="position:fixed" class="card" onclick="x()" id="a">Hi<script>alert(1)</script>'
        '<style>body{display:none}</style><!-- c --></p><img src="https://x.example/p.gif">'
        '<iframe src="https://x.example"></iframe><form><input></form>'
        '<p>see <a href="javascript:alert(1)">one</a> <a href="/relative">two</a> '
        '<a href="data:text/html,x">three</a> <a href="mailto:a@example.com">four</a></p>'
    )

    for forbidden in ("script", "position", "onclick", "id=", "<!--", "img", "iframe", "input"):
        assert forbidden not in html
    assert html.count("<a ") == 1
    assert 'href="mailto:a@example.com"' in html
    assert "see one two three" in html


LEAKS = [
    "<style>.card{display:none} body{background:url(https://x.example/p)}</style>",
    "<STYLE type=text/css>@import 'https://x.example/a.css';</STYLE>",
    "<!--<style>.foot{display:none}</style>-->",
    "<!--[if mso]><style>.foot{display:none}</style><![endif]-->",
    "<svg><style>.foot{display:none}</style></svg>",
    "<noscript><style>.foot{display:none}</style></noscript>",
    "<textarea><style>.foot{display:none}</style></textarea>",
    '<link rel="stylesheet" href="https://x.example/a.css">',
    '<base href="https://x.example/"><meta http-equiv="refresh" content="0;url=https://x.example">',
    '<span style="position:fixed;top:0;background:url(https://x.example/p)" class="foot">',
    '<div class="card"><table class="button"><tr><td>x</td></tr></table>',
    "</td></tr></table></body></html>",
    "</p></td></tr></table></div></body><style>.foot{display:none}</style>",
    '<p style="display:none" bgcolor="red" background="https://x.example/p" align="right">',
    "<font color=red size=7><center><marquee>",
]


@pytest.mark.parametrize("leak", LEAKS)
def test_no_style_of_the_text_reaches_the_layout_or_what_follows(leak: str) -> None:
    """Only the words of the text differ from a mail that was written without any."""
    plain = render(prepared("<p>before</p><p>after</p>"), values=values(), unsubscribe_link=LINK)

    leaking = render(
        prepared(f"<p>before</p>{leak}<p>after</p>"), values=values(), unsubscribe_link=LINK
    )

    pages = [PREHEADER.sub("", mail.html) for mail in (plain, leaking)]
    around = [page.replace(words_of(page), "") for page in pages]
    assert around[0] == around[1]
    tags = " ".join(re.findall(r"<[^>]*>", without_layout(words_of(leaking.html))))
    for trace in ("x.example", "display", "class", "style", "<!--", "red"):
        assert trace not in tags
    assert "before" in leaking.text
    assert "after" in leaking.text


def test_a_style_that_is_never_closed_takes_the_rest_of_the_text_and_nothing_else() -> None:
    assert html_of("<p>before</p><style>*{color:red}</p><p>after</p>") == html_of("<p>before</p>")


PREHEADER = re.compile(r'(?<=<div class="preheader")[^>]*>[^<]*')  # the first words again


def words_of(page: str) -> str:
    """From the first word of the text to its last."""
    return page[page.index(">before<") : page.index(">after<")]


def without_layout(content: str) -> str:
    """Without the styles that the layout itself gives to each paragraph."""
    own = re.findall(
        r' style="[^"]*"',
        render(prepared("<p>a</p><p>b</p>"), values=values(), unsubscribe_link=LINK).html,
    )
    for style in set(own):
        content = content.replace(style, "")
    return content


def test_text_without_tags_becomes_paragraphs() -> None:
    assert text_of("Hi {{ first_name }},\n\none\ntwo & three") == "Hi Mara,\n\none\ntwo & three"
    assert html_of("one\ntwo").count("<p") == 1


def test_a_link_variable_in_text_can_be_clicked() -> None:
    html = html_of("<p>Your link: {{ tracking_link }}</p>")

    address = "https://go.example/r/mara?a=1&amp;b=2"
    assert f'<a href="{address}"' in html
    assert f">{address}</a></p>" in html


def test_a_paragraph_that_is_only_a_link_is_a_button() -> None:
    html = html_of('<p><a href="{{ dashboard_link }}">View my performance stats</a></p>')

    assert html.startswith('<table class="button"')
    assert 'href="https://go.example/d/token"' in html
    assert "<table" not in html_of('<p>or <a href="{{ dashboard_link }}">here</a></p>')


def test_text_twin_of_lists_and_quotes() -> None:
    body = (
        "<h2>Now</h2><ol><li>one</li><li>two<ul><li>deep</li></ul></li></ol>"
        "<blockquote><p>said</p></blockquote><p>end</p>"
    )

    assert text_of("<p>a</p><hr><p>b</p>") == "a\n\n---\n\nb"
    assert text_of(body) == "Now\n\n1. one\n2. two\n   - deep\n\n> said\n\nend"


def test_the_layout_knows_light_and_dark_and_stays_small() -> None:
    mail = render(prepared(), values=values(), unsubscribe_link=LINK)

    assert '<meta name="color-scheme" content="light dark">' in mail.html
    assert "@media (prefers-color-scheme: dark)" in mail.html
    assert len(mail.html.encode()) < 20_000
    longest = prepared(f"<p>{'<b>a</b> ' * 5_000}</p>")
    page = render(longest, values=values(), unsubscribe_link=LINK).html
    assert len(page.encode()) < 100_000


def test_the_brands_accent_colours_the_button() -> None:
    mail = prepare(subject="s", body=BODY, style=BrandStyle(accent="#a3195b"))

    assert "background-color:#a3195b" in mail.html


PAYLOADS = [
    opening + inside + closing
    for (opening, closing), inside in product(
        [("{{", "}}"), ("{{ ", " }}"), ("{%", "%}"), ("{% ", " %}"), ("${", "}"), ("#{", "}"),
         ("<%=", "%>"), ("[[", "]]"), ("{{{", "}}}"), ("@(", ")")],
        [
            "7*7", "7*'7'", "settings.SECRET_KEY", "first_name.__class__", "first_name|safe|upper",
            "''.__class__.__mro__[1].__subclasses__()", "config.items()",
            "self.__init__.__globals__",
            "debug", "include 'x'", "load log", "request.user.password", "cycler.__init__",
            "first_name()", "values.first_name", "range(9)|join", "import os; os.system('id')",
            "T(java.lang.Runtime).getRuntime()", "first_name if 1 else 2", "lipsum.__globals__",
        ],
    )
]  # fmt: skip


def test_there_are_two_hundred_template_injections() -> None:
    assert len(set(PAYLOADS)) == 200


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_template_injection_is_refused_or_plain_text(payload: str) -> None:
    """Wherever it stands: in a person's name, the message, a fallback, a link, the subject."""
    assert text_of("<p>Hi {{ first_name }}</p>", first_name=payload) == f"Hi {payload}"
    assert subject_of("Hi {{ first_name }}", first_name=payload) == f"Hi {payload}"
    assert in_words_or_refused(lambda: text_of(f"{payload}\n\nend"), f"{payload}\n\nend")
    assert in_words_or_refused(lambda: subject_of(f"{payload} end"), f"{payload} end")
    fallback = f"<p>Hi {{{{ first_name | {escape(payload)} }}}}</p>"
    assert in_words_or_refused(lambda: text_of(fallback, first_name=""), f"Hi {payload}")
    href = f"https://x.example/{escape(payload)}"
    as_link = unquote(f"a b: https://x.example/{payload}")
    assert in_words_or_refused(
        lambda: unquote(text_of(f'<p>a <a href="{href}">b</a></p>')), as_link
    )


def subject_of(subject: str, **changes: str | None) -> str:
    mail = prepared(subject=subject)
    return render(mail, values=values(**changes), unsubscribe_link=LINK).subject


def in_words_or_refused(make: Callable[[], str], words: str) -> bool:
    try:
        return make() == words
    except TemplateError:
        return True
