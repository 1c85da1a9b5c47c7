"""Rates, terms and explanations in words, for mails, dashboards and staff.

Every sentence is translated as a whole, because word order differs between languages.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from core.money import Money
from core.templatetags.display import count, money, rate
from offers.commission import Because, CommissionStep
from offers.models import CommissionStructure
from offers.structure import CapPeriod, Customer, RateLike, Rule, RuleKind, Tier, TierBy


def describe(terms: CommissionStructure, currency: str) -> str:
    """Return "10% of every sale" or the like: the value of {{ commission }} in a mail."""
    best = _best_tier(terms)
    if best is not None:
        values = {
            "commission": describe_rate(terms, currency),
            "best": describe_rate(best, currency),
        }
        return _("%(commission)s, and up to %(best)s as you sell more") % values
    return describe_rate(terms, currency)


def describe_rate(given: RateLike, currency: str) -> str:
    """Return one rate in words: "10% of every sale plus £2.00 for every sale"."""
    values = {"rate": rate(given.percent_bp), "amount": _money(given.fixed_minor, currency)}
    if given.percent_bp and given.fixed_minor:
        return _("%(rate)s of every sale plus %(amount)s for every sale") % values
    if given.percent_bp:
        return _("%(rate)s of every sale") % values
    if given.fixed_minor:
        return _("%(amount)s for every sale") % values
    clicks = getattr(given, "per_click_minor", 0)
    if clicks:
        return _("%(amount)s for every click") % {"amount": _money(clicks, currency)}
    return _("no commission")


def describe_fully(terms: CommissionStructure, currency: str, *, tier: Tier | None = None) -> str:
    """Return the terms in sentences; with `tier`, for a member who has reached that tier."""
    sentences = [
        _earned(tier or terms, terms, currency),
        _after_refund(terms),
        _clicks(terms, currency),
        _capped(terms, currency),
        _payable(terms.hold_days),
    ]
    return " ".join(filter(None, sentences))


def describe_tiers(terms: CommissionStructure, currency: str) -> list[str]:
    """Return a sentence for each tier, the lowest first."""
    return [_tier(tier, terms, currency) for tier in terms.tier_list]


def describe_beginning(terms: CommissionStructure, currency: str) -> str:
    """Return what a member earns below the first tier, in words."""
    return _("At first: %(commission)s") % {"commission": describe_rate(terms, currency)}


def describe_rules(terms: CommissionStructure, currency: str) -> list[str]:
    """Return a sentence for each rule, in the order that staff gave."""
    return [_rule(rule, currency) for rule in terms.rule_list]


def _earned(given: RateLike, terms: CommissionStructure, currency: str) -> str:
    values = {"rate": rate(given.percent_bp), "amount": _money(given.fixed_minor, currency)}
    if given.percent_bp and given.fixed_minor:
        return (
            _(
                "You earn %(rate)s of every sale plus %(amount)s for every sale, after discounts"
                " and without tax and shipping."
            )
            % values
        )
    if given.percent_bp:
        return (
            _("You earn %(rate)s of every sale, after discounts and without tax and shipping.")
            % values
        )
    if given.fixed_minor:
        return _("You earn %(amount)s for every sale.") % values
    return "" if terms.per_click_minor else _("You earn no commission.")


def _after_refund(terms: CommissionStructure) -> str:
    if not terms.reduces_fixed:
        return ""
    return _("When a part of an order is refunded, the amount for the sale falls in proportion.")


def _clicks(terms: CommissionStructure, currency: str) -> str:
    if not terms.per_click_minor:
        return ""
    return _("You earn %(amount)s for every click.") % {
        "amount": _money(terms.per_click_minor, currency)
    }


def _capped(terms: CommissionStructure, currency: str) -> str:
    if terms.cap_minor is None:
        return ""
    sentence = {
        CapPeriod.DAY: _("You can earn at most %(amount)s a day."),
        CapPeriod.MONTH: _("You can earn at most %(amount)s a month."),
        CapPeriod.ALWAYS: _("You can earn at most %(amount)s in all."),
    }[CapPeriod(terms.cap_period)]
    return sentence % {"amount": _money(terms.cap_minor, currency)}


def _payable(hold_days: int) -> str:
    if not hold_days:
        return _("It can be paid right away.")
    return ngettext(
        "It can be paid %(days)s day after the order.",
        "It can be paid %(days)s days after the order.",
        hold_days,
    ) % {"days": count(hold_days)}


def _tier(tier: Tier, terms: CommissionStructure, currency: str) -> str:
    values = {
        "tier": tier.name,
        "reached": describe_threshold(tier.threshold, terms, currency),
        "commission": describe_rate(tier, currency),
    }
    if terms.tier_period == CapPeriod.MONTH:
        return _("%(tier)s, from %(reached)s in a month: %(commission)s") % values
    return _("%(tier)s, from %(reached)s: %(commission)s") % values


def describe_threshold(reached: int, terms: CommissionStructure, currency: str) -> str:
    """Return a threshold in words: "£1,000.00 of sales" or "50 conversions"."""
    if terms.tier_by == TierBy.CONVERSIONS:
        return ngettext("%(count)s conversion", "%(count)s conversions", reached) % {
            "count": count(reached)
        }
    return _("%(amount)s of sales") % {"amount": _money(reached, currency)}


def _rule(rule: Rule, currency: str) -> str:
    values = {
        "value": rule.value,
        "rate": rate(rule.percent_bp),
        "commission": describe_rate(rule, currency),
    }
    match rule.kind, rule.value:
        case RuleKind.PRODUCT, _value:
            return _("Product %(value)s: %(rate)s") % values
        case RuleKind.COLLECTION, _value:
            return _("Collection %(value)s: %(rate)s") % values
        case RuleKind.CODE, _value:
            return _("Orders with the code %(value)s: %(commission)s") % values
        case RuleKind.CUSTOMER, Customer.NEW:
            return _("New customers: %(commission)s") % values
        case RuleKind.CUSTOMER, Customer.RETURNING:
            return _("Returning customers: %(commission)s") % values
        case kind, value:
            raise ValueError(f"a rule of terms has no sentence: {kind} {value}")


def _best_tier(terms: CommissionStructure) -> Tier | None:
    """The highest tier, if it pays more than the rate below the first tier, and less in nothing."""
    if not terms.tier_list:
        return None
    top = terms.tier_list[-1]
    more = (top.percent_bp - terms.percent_bp, top.fixed_minor - terms.fixed_minor)
    return top if min(more) >= 0 and max(more) > 0 else None


def _money(minor: int, currency: str) -> str:
    return money(Money(minor, currency))


def explain(steps: Iterable[CommissionStep], currency: str) -> list[str]:
    """Return the stored steps of a commission as sentences in the active language."""
    return [_sentence(step, currency) for step in steps]


SENTENCES_WITHOUT_VALUES = {
    "no_terms": gettext_noop("These terms pay no commission"),
    "nothing_kept": gettext_noop("Everything was refunded: nothing is earned"),
    "rejected": gettext_noop("Rejected: nothing is earned"),
}


def _sentence(step: CommissionStep, currency: str) -> str:
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
            return _(
                "%(base)s of products that count \N{MULTIPLICATION SIGN} %(rate)s = %(amount)s"
            ) % {
                "base": base,
                "rate": _rate_and_reason(step),
                "amount": amount,
            }
        case "fixed":
            return _fixed(step, base=base, amount=amount)
        case "share":
            values = {"share": rate(step["rate_bp"]), "amount": amount}
            return _("%(share)s of it, because the order is shared: %(amount)s") % values
        case "capped":
            values = {"earned": base, "amount": amount}
            return _("The cap reduces %(earned)s to %(amount)s") % values
        case "total":
            return _("Total: %(amount)s") % {"amount": amount}
        case "pending":
            return _("Waiting for the brand's decision: %(amount)s once it is accepted") % {
                "amount": amount
            }
        case other:
            return _(SENTENCES_WITHOUT_VALUES[other])


def _fixed(step: CommissionStep, *, base: str, amount: str) -> str:
    """The amount for a conversion; `base` is what it was before a refund reduced it."""
    values = {"fixed": base, "amount": amount}
    if "because" in step:
        values["reason"] = _reason(step["because"])
    match "base" in step, "because" in step:
        case True, True:
            sentence = _(
                "%(fixed)s for the conversion (%(reason)s), in proportion to what was kept:"
                " %(amount)s"
            )
        case True, False:
            sentence = _("%(fixed)s for the conversion, in proportion to what was kept: %(amount)s")
        case False, True:
            sentence = _("%(amount)s for the conversion (%(reason)s)")
        case _neither:
            sentence = _("%(amount)s for the conversion")
    return sentence % values


def _rate_and_reason(step: CommissionStep) -> str:
    percent = rate(step["rate_bp"])
    if "because" not in step:
        return percent
    values = {"rate": percent, "reason": _reason(step["because"])}
    return pgettext("a rate and why it applies", "%(rate)s (%(reason)s)") % values


def _reason(because: Because) -> str:
    values = {"value": because["value"]}
    match because["kind"], because["value"]:
        case "tier", _value:
            return _("tier %(value)s") % values
        case RuleKind.PRODUCT, _value:
            return _("product %(value)s") % values
        case RuleKind.COLLECTION, _value:
            return _("collection %(value)s") % values
        case RuleKind.CODE, _value:
            return _("code %(value)s") % values
        case RuleKind.CUSTOMER, Customer.NEW:
            return _("new customer")
        case RuleKind.CUSTOMER, Customer.RETURNING:
            return _("returning customer")
        case kind, value:
            raise ValueError(f"a reason for a rate has no words: {kind} {value}")
