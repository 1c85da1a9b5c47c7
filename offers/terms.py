"""Check the commission structures that staff enter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from core.money import MAX_AMOUNT_MINOR
from core.text import one_line
from offers.models import Approval, Terms
from offers.structure import (
    MAX_RULES,
    MAX_TIERS,
    CapPeriod,
    Customer,
    FixedAfterRefund,
    RateLike,
    Rule,
    RuleKind,
    Tier,
    TierBy,
    as_stored,
)

MAX_RATE_BP = 10_000  # 100%
MAX_HOLD_DAYS = 365
MAX_RULE_VALUE_LENGTH = 120  # characters


class OfferError(ValueError):
    """An offer, its terms or its members are not valid; `field` names the wrong field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class TermsValues:
    """A commission structure. Rates are basis points, amounts minor units of the offer."""

    percent_bp: int = 0
    fixed_minor: int = 0
    hold_days: int = 0
    approval: str = field(default=Approval.AUTOMATIC.value)
    per_click_minor: int = 0
    tiers: tuple[Tier, ...] = ()
    tier_by: str = TierBy.SALES.value
    tier_period: str = CapPeriod.ALWAYS.value
    rules: tuple[Rule, ...] = ()
    cap_minor: int | None = None
    cap_period: str = CapPeriod.MONTH.value
    fixed_after_refund: str = FixedAfterRefund.WHOLE.value
    may_pay_nothing: bool = False  # staff confirmed that terms that pay nothing are meant

    @property
    def pays_nothing(self) -> bool:
        """Whether no sale and no click earns anything, whatever tier and rule apply."""
        rates: tuple[RateLike, ...] = (self, *self.tiers, *self.rules)
        return not self.per_click_minor and not any(
            one.percent_bp or one.fixed_minor for one in rates
        )

    def as_terms(self) -> Terms:
        """Return unsaved Terms with these values."""
        return Terms(
            percent_bp=self.percent_bp,
            fixed_minor=self.fixed_minor,
            fixed_after_refund=self.fixed_after_refund,
            per_click_minor=self.per_click_minor,
            tiers=as_stored(self.tiers),
            tier_by=self.tier_by,
            tier_period=self.tier_period,
            rules=as_stored(self.rules),
            cap_minor=self.cap_minor,
            cap_period=self.cap_period,
            hold_days=self.hold_days,
            approval=self.approval,
        )


def in_one_line(values: TermsValues) -> TermsValues:
    """Return the values with each tier's name and each rule's value in one line, as stored."""
    return replace(
        values,
        tiers=tuple(replace(tier, name=one_line(tier.name)) for tier in values.tiers),
        rules=tuple(replace(rule, value=one_line(rule.value)) for rule in values.rules),
    )


def check_terms(values: TermsValues) -> None:
    """Raise OfferError for the first value that is not valid, with its field."""
    _check_rate("percent", values.percent_bp)
    _check_amount("fixed", values.fixed_minor, "the amount per conversion")
    _check_amount("per_click", values.per_click_minor, "the amount per click")
    if not 0 <= values.hold_days <= MAX_HOLD_DAYS:
        raise OfferError("hold_days", f"the hold must be between 0 and {MAX_HOLD_DAYS} days")
    if values.cap_minor is not None and not 0 < values.cap_minor <= MAX_AMOUNT_MINOR:
        raise OfferError("cap", "the cap must be more than zero")
    _check_names(values)
    _check_tiers(values.tiers)
    _check_rules(values.rules)
    if values.pays_nothing and not values.may_pay_nothing:
        raise OfferError("may_pay_nothing", "these terms pay nothing: confirm that this is meant")


def _check_names(values: TermsValues) -> None:
    for name, value, names in (
        ("approval", values.approval, Approval.values),
        (
            "fixed_after_refund",
            values.fixed_after_refund,
            [one.value for one in FixedAfterRefund],
        ),
        ("tier_by", values.tier_by, [one.value for one in TierBy]),
        ("tier_period", values.tier_period, [CapPeriod.MONTH.value, CapPeriod.ALWAYS.value]),
        ("cap_period", values.cap_period, [one.value for one in CapPeriod]),
    ):
        if value not in names:
            raise OfferError(name, f"{value!r} is not one of {', '.join(names)}")


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    if len(tiers) > MAX_TIERS:
        raise OfferError("tiers", f"there can be at most {MAX_TIERS} tiers")
    for tier in tiers:
        _check_rate("tiers", tier.percent_bp)
        _check_amount("tiers", tier.fixed_minor, "the amount per conversion of a tier")
        if not tier.name.strip():
            raise OfferError("tiers", "every tier needs a name")
        if tier.threshold <= 0:
            raise OfferError("tiers", f"the tier {tier.name} must begin above zero")
        if tier.threshold > MAX_AMOUNT_MINOR:
            raise OfferError("tiers", f"where the tier {tier.name} begins is too large")
    for lower, upper in pairwise(tiers):
        if upper.threshold <= lower.threshold:
            raise OfferError(
                "tiers", f"the tier {upper.name} must begin above the tier {lower.name}"
            )
    if len({tier.name.casefold() for tier in tiers}) < len(tiers):
        raise OfferError("tiers", "two tiers have the same name")


def _check_rules(rules: tuple[Rule, ...]) -> None:
    if len(rules) > MAX_RULES:
        raise OfferError("rules", f"there can be at most {MAX_RULES} rules")
    seen = set()
    for rule in rules:
        _check_rate("rules", rule.percent_bp)
        _check_amount("rules", rule.fixed_minor, "the amount per conversion of a rule")
        if not rule.value.strip():
            raise OfferError("rules", "every rule needs a product, collection, customer or code")
        if len(rule.value) > MAX_RULE_VALUE_LENGTH:
            message = f"what a rule is for has at most {MAX_RULE_VALUE_LENGTH} characters"
            raise OfferError("rules", message)
        if rule.kind.is_of_line and rule.fixed_minor:
            raise OfferError(
                "rules",
                f"the rule for {rule.value} is about a part of an order: give it a percentage only",
            )
        if rule.kind == RuleKind.CUSTOMER and rule.value not in [one.value for one in Customer]:
            raise OfferError("rules", f"{rule.value!r} is neither new nor returning")
        if rule.key in seen:
            raise OfferError("rules", f"there are two rules for {rule.value}")
        seen.add(rule.key)


def _check_rate(name: str, percent_bp: int) -> None:
    if not 0 <= percent_bp <= MAX_RATE_BP:
        raise OfferError(name, "the rate must be between 0% and 100%")


def _check_amount(name: str, minor: int, what: str) -> None:
    if minor < 0:
        raise OfferError(name, f"{what} can't be negative")
    if minor > MAX_AMOUNT_MINOR:
        raise OfferError(name, f"{what} is too large")
