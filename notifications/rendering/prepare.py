"""Everything about a mail that is the same for all its recipients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import css_inline
from django.template.loader import render_to_string

from core.colour import dark_accent, light_accent
from notifications.rendering import markup
from notifications.rendering.variables import TemplateError, canonical, printable

LONGEST_SUBJECT = 300
LONGEST_BODY = 50_000  # characters of HTML; a mail over about 100 KB is cut by mail readers
OWN_ACCENT = "#00707c"
_LINE_END = re.compile(r"[\r\n]+")
_LINE_BREAK = re.compile(r"[\r\n\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Look:
    """What the mail layout takes from the brand. `accent` is "#rrggbb" or empty, `logo` an address
    or empty.
    """

    accent: str = ""
    logo: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail with its variables and marks still in; kept with the campaign as it was confirmed."""

    subject: str
    html: str
    text: str


def prepare(*, subject: str, body: str, look: Look) -> Prepared:
    """Check, sanitise, lay out and inline. Raises TemplateError."""
    try:
        checked_subject = _subject(subject)
    except TemplateError as error:
        error.part = "subject"
        raise
    nodes = _nodes(body)
    return Prepared(
        subject=checked_subject,
        html=_laid_out(markup.as_html(nodes), look),
        text=f"{markup.as_text(nodes)}\n{_text_footer()}",
    )


def _subject(subject: str) -> str:
    text = printable(subject)
    if _LINE_BREAK.search(text):
        raise TemplateError("The subject has a line break: write it in one line.")
    if not text.strip():
        raise TemplateError("The subject is empty.")
    if len(text) > LONGEST_SUBJECT:
        raise TemplateError(f"The subject is longer than {LONGEST_SUBJECT} characters.")
    return canonical(text.strip())


def _nodes(body: str) -> list[markup.Element | str]:
    if len(body) > LONGEST_BODY:
        raise TemplateError(f"The message is longer than {LONGEST_BODY:,} characters.")
    nodes = markup.parse(markup.sanitise(body))
    if not markup.as_text(nodes).strip(f"{markup.OPEN}{markup.CLOSE}{markup.NEXT} \n"):
        raise TemplateError("The message is empty.")
    return nodes


def _laid_out(content: str, look: Look) -> str:
    """The content in the brand's layout, with every style on its element as mail readers need.

    One line: mail turns line ends into its own, and then what arrives would not be what was shown.
    """
    colour = look.accent or OWN_ACCENT
    page = render_to_string(
        "notifications/layout.html",
        {
            "content": content,
            "logo": look.logo,
            "light": light_accent(colour),
            "dark": dark_accent(colour),
        },
    )
    return _LINE_END.sub("", _inliner().inline(page))


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)


def _text_footer() -> str:
    return f"{render_to_string('notifications/footer.txt').rstrip()}\n"
