"""Rates, terms and explanations in words, for mails, dashboards and staff."""

from __future__ import annotations

from collections.abc import Iterable

from core.money import Money
from core.templatetags.display import money, rate
from offers.commission import Step
from offers.models import Terms


def describe(terms: Terms, currency: str) -> str:
    """ "10 % of every sale" or "£2.00 for every sale" or both: for {{ commission }} in a mail."""
    parts = []
    if terms.percent_bp:
        parts.append(f"{rate(terms.percent_bp)} of every sale")
    if terms.fixed_minor:
        parts.append(f"{money(Money(terms.fixed_minor, currency))} for every sale")
    return " plus ".join(parts) or "no commission"


def describe_fully(terms: Terms, currency: str) -> str:
    """The terms in plain sentences, as the dashboard shows them."""
    sentence = f"You earn {describe(terms, currency)}"
    if terms.percent_bp:
        sentence += ", after discounts and without tax and shipping"
    if terms.hold_days:
        days = "1 day" if terms.hold_days == 1 else f"{terms.hold_days} days"
        return f"{sentence}. It can be paid {days} after the order."
    return f"{sentence}. It can be paid right away."


def explain(steps: Iterable[Step], currency: str) -> list[str]:
    """The stored steps of a commission as sentences, in the active language."""
    return [_sentence(step, currency) for step in steps]


def _sentence(step: Step, currency: str) -> str:
    amount = money(Money(step["amount"], currency))
    base = money(Money(step.get("base", 0), currency))
    match step["step"]:
        case "refunded":
            refunded = money(Money(step["refunded"], currency))
            return f"{base} sold \N{MINUS SIGN} {refunded} refunded = {amount}"
        case "percent":
            percent = rate(step["rate_bp"])
            return f"{base} of eligible lines \N{MULTIPLICATION SIGN} {percent} = {amount}"
        case "fixed":
            return f"{amount} for the conversion"
        case "total":
            return f"Together {amount}"
        case "nothing_kept":
            return "Everything was refunded: nothing is earned"
        case "pending":
            return "Waiting for the brand's decision: nothing is earned yet"
        case "rejected":
            return "Rejected: nothing is earned"
        case _:
            return "These terms pay nothing"
