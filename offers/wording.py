"""Rates, terms and explanations in words, for mails, dashboards and staff.

Members read these in their language: every sentence is translated whole, never glued from parts.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.templatetags.display import count, money, rate
from offers.commission import Step
from offers.models import Terms


def describe(terms: Terms, currency: str) -> str:
    """ "10 % of every sale" or "£2.00 for every sale" or both: for {{ commission }} in a mail."""
    values = _values(terms, currency)
    if terms.percent_bp and terms.fixed_minor:
        return _("%(rate)s of every sale plus %(amount)s for every sale") % values
    if terms.percent_bp:
        return _("%(rate)s of every sale") % values
    if terms.fixed_minor:
        return _("%(amount)s for every sale") % values
    return _("no commission")


def describe_fully(terms: Terms, currency: str) -> str:
    """The terms in plain sentences, as the dashboard shows them."""
    return f"{_earned(terms, currency)} {_payable(terms.hold_days)}"


def _earned(terms: Terms, currency: str) -> str:
    values = _values(terms, currency)
    if terms.percent_bp and terms.fixed_minor:
        return (
            _(
                "You earn %(rate)s of every sale plus %(amount)s for every sale, after discounts"
                " and without tax and shipping."
            )
            % values
        )
    if terms.percent_bp:
        return (
            _("You earn %(rate)s of every sale, after discounts and without tax and shipping.")
            % values
        )
    if terms.fixed_minor:
        return _("You earn %(amount)s for every sale.") % values
    return _("You earn no commission.")


def _payable(hold_days: int) -> str:
    if not hold_days:
        return _("It can be paid right away.")
    return ngettext(
        "It can be paid %(days)s day after the order.",
        "It can be paid %(days)s days after the order.",
        hold_days,
    ) % {"days": count(hold_days)}


def _values(terms: Terms, currency: str) -> dict[str, str]:
    return {"rate": rate(terms.percent_bp), "amount": money(Money(terms.fixed_minor, currency))}


def explain(steps: Iterable[Step], currency: str) -> list[str]:
    """The stored steps of a commission as sentences, in the active language."""
    return [_sentence(step, currency) for step in steps]


def _sentence(step: Step, currency: str) -> str:
    amount = money(Money(step["amount"], currency))
    base = money(Money(step.get("base", 0), currency))
    match step["step"]:
        case "refunded":
            refunded = money(Money(step["refunded"], currency))
            return _("%(sold)s sold \N{MINUS SIGN} %(refunded)s refunded = %(kept)s") % {
                "sold": base,
                "refunded": refunded,
                "kept": amount,
            }
        case "percent":
            percent = rate(step["rate_bp"])
            return _("%(base)s of eligible lines \N{MULTIPLICATION SIGN} %(rate)s = %(amount)s") % {
                "base": base,
                "rate": percent,
                "amount": amount,
            }
        case "fixed":
            return _("%(amount)s for the conversion") % {"amount": amount}
        case "total":
            return _("Together %(amount)s") % {"amount": amount}
        case "nothing_kept":
            return _("Everything was refunded: nothing is earned")
        case "pending":
            return _("Waiting for the brand's decision: nothing is earned yet")
        case "rejected":
            return _("Rejected: nothing is earned")
        case _:
            return _("These terms pay nothing")
