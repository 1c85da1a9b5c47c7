"""What the texts of all notices have in common, in the active language.

A text is HTML as staff write it, so the layout and the variables are those of all mails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.conf import settings
from django.utils.translation import gettext as _

from core.money import Money
from core.templatetags.display import money
from notifications.rendering import literal
from offers.models import Enrollment


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Subject and body with variables; `enrollment` is that whose dashboard the mail leads to."""

    subject: str
    body: str
    enrollment: Enrollment | None


def whole_body(parts: Sequence[str]) -> str:
    """Return the body of these paragraphs, with greeting and sender."""
    greeting = f"<p>{_('Hi {{ first_name | there }},')}</p>"
    thanks = f"<p>{_('Thanks,')}<br>{{{{ sender_name }}}}</p>"
    return "\n".join([greeting, *parts, thanks])


def dashboard_button() -> str:
    return f'<p><a href="{{{{ dashboard_link }}}}">{_("See my dashboard")}</a></p>'


def page_button(path: str, label: str) -> str:
    return f'<p><a href="{settings.BASE_URL}{path}">{label}</a></p>'


def written(text: str) -> str:
    """Return text that people wrote as HTML, in which nothing is a tag or a variable."""
    return escape(literal(text))


def sums(amounts: Iterable[Money]) -> str:
    """Return what the amounts are together, in each currency: "£15.50 + US$9.00"."""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found.get(amount.currency, Money(0, amount.currency)) + amount
    return " + ".join(money(amount) for amount in found.values())
