"""What the texts of all notices have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.money import Money
from core.templatetags.display import money
from offers.models import Enrollment


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Subject and body with variables; `enrollment` is that whose dashboard the mail leads to."""

    subject: str
    body: str
    enrollment: Enrollment | None


def added_up(amounts: Iterable[Money]) -> list[Money]:
    """Return what the amounts are together, one for each currency."""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found.get(amount.currency, Money(0, amount.currency)) + amount
    return list(found.values())


def sums(amounts: Iterable[Money]) -> str:
    """Return what the amounts are together, in each currency: "£15.50 + US$9.00"."""
    return " + ".join(money(amount) for amount in added_up(amounts))
