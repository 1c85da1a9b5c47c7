"""Everything about a mail that is the same for all its recipients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import css_inline
from django.template.loader import render_to_string

from core.colour import dark_accent, light_accent
from notifications.rendering import markup
from notifications.rendering.variables import TemplateError, canonical, literal, printable

MAX_SUBJECT_LENGTH = 300
MAX_BODY_LENGTH = 50_000  # characters of HTML; mail clients cut a mail over about 100 KB
DEFAULT_ACCENT = "#00707c"
_LINE_END = re.compile(r"[\r\n]+")
_LINE_BREAK = re.compile(r"[\r\n\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class BrandStyle:
    """What the mail layout takes from the brand. `accent` is "#rrggbb" or empty, `logo` an address
    or empty, `postal_address` the lines of the brand's address or empty.
    """

    accent: str = ""
    logo: str = ""
    postal_address: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail whose variables are not filled in yet; stored with the campaign at confirmation."""

    subject: str
    html: str
    text: str


def prepare(*, subject: str, body: str, style: BrandStyle) -> Prepared:
    """Check, sanitise, lay out and inline. Raises TemplateError."""
    try:
        checked_subject = _subject(subject)
    except TemplateError as error:
        error.part = "subject"
        raise
    nodes = _nodes(body)
    return Prepared(
        subject=checked_subject,
        html=_laid_out(markup.as_html(nodes), style, preheader=markup.first_words(nodes)),
        text=f"{markup.as_text(nodes)}\n{_text_footer(style)}",
    )


def _subject(subject: str) -> str:
    text = printable(subject)
    if _LINE_BREAK.search(text):
        raise TemplateError("The subject has a line break: write it in one line.")
    if not text.strip():
        raise TemplateError("The subject is empty.")
    if len(text) > MAX_SUBJECT_LENGTH:
        raise TemplateError(f"The subject is longer than {MAX_SUBJECT_LENGTH} characters.")
    return canonical(text.strip())


def _nodes(body: str) -> list[markup.Element | str]:
    if len(body) > MAX_BODY_LENGTH:
        raise TemplateError(f"The message is longer than {MAX_BODY_LENGTH:,} characters.")
    nodes = markup.parse(markup.sanitise(body))
    if not markup.as_text(nodes).strip(f"{markup.OPEN}{markup.CLOSE}{markup.NEXT} \n"):
        raise TemplateError("The message is empty.")
    return nodes


def _laid_out(content: str, style: BrandStyle, *, preheader: str) -> str:
    """The content in the brand's layout, with every style inlined, which mail clients need.

    One line: mail servers change line ends, and then what arrives would differ from the preview.
    """
    colour = style.accent or DEFAULT_ACCENT
    page = render_to_string(
        "notifications/layout.html",
        {
            "content": content,
            "preheader": preheader,
            "logo": style.logo,
            "postal_address": _postal_address(style),
            "light": light_accent(colour),
            "dark": dark_accent(colour),
        },
    )
    inlined = _LINE_END.sub("", _inliner().inline(page))
    # The inliner moves styles to the top, and a client must know the charset before all else.
    return inlined.replace("<head>", '<head><meta charset="utf-8">', 1)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)


def _text_footer(style: BrandStyle) -> str:
    values = {"postal_address": _postal_address(style)}
    return f"{render_to_string('notifications/footer.txt', values).rstrip()}\n"


def _postal_address(style: BrandStyle) -> str:
    """The address in one line, as letterheads have it; no part of it is read as a variable."""
    return literal(printable(", ".join(style.postal_address.splitlines())))
