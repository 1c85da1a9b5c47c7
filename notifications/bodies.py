"""Parts of the bodies of mails that we write, in the active language.

A body is HTML as staff write it, so the layout and the variables are those of all mails.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django.utils.translation import gettext as _

from notifications.rendering import literal


def whole_body(parts: Sequence[str]) -> str:
    """Return the body of these parts, with greeting and sender."""
    greeting, thanks = _("Hi {{ first_name | there }},"), _("Thanks,")
    sender = "<br>{{ sender_name }}"
    return "\n".join([paragraph(greeting), *parts, paragraph(thanks + sender)])


def paragraph(html: str) -> str:
    return f"<p>{html}</p>"


def button(address: str, label: str) -> str:
    """Return a link that is alone in its paragraph, which the layout draws as a button."""
    return paragraph(f'<a href="{address}">{label}</a>')


def dashboard_button() -> str:
    return button("{{ dashboard_link }}", _("See my dashboard"))


def written(text: str) -> str:
    """Return text that people wrote as HTML, in which nothing is a tag or a variable."""
    return escape(literal(text))
