"""The parts of terms as plain values: rates, tiers, rules, the period of a cap. Pure.

Tiers and rules are stored as JSON. Amounts are minor units of the offer's currency, rates are basis
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import date, timedelta
from enum import StrEnum
from operator import le
from typing import Any, Protocol

MAX_TIERS = 10
MAX_RULES = 200


class CapPeriod(StrEnum):
    """The period over which a cap or a tier counts, in the brand's time zone."""

    DAY = "day"
    MONTH = "month"
    ALWAYS = "always"

    def days(self, day: date) -> tuple[date, date]:
        """Return the first and the last day of the period that contains `day`."""
        match self:
            case CapPeriod.DAY:
                return day, day
            case CapPeriod.MONTH:
                following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
                return day.replace(day=1), following - timedelta(days=1)
            case CapPeriod.ALWAYS:
                return date.min, date.max


class TierBy(StrEnum):
    """What the thresholds of tiers count: net sales in minor units, or accepted conversions."""

    SALES = "sales"
    CONVERSIONS = "conversions"


class FixedAfterRefund(StrEnum):
    """What is left of the amount per conversion when a part of the order was refunded."""

    WHOLE = "whole"  # all of it, as long as anything of the sale was kept
    SHARE = "share"  # in proportion to what was kept


class RuleKind(StrEnum):
    """What a rule matches: a line by product or collection, or an order by customer or code."""

    PRODUCT = "product"
    COLLECTION = "collection"
    CUSTOMER = "customer"
    CODE = "code"

    @property
    def is_of_line(self) -> bool:
        return self in {RuleKind.PRODUCT, RuleKind.COLLECTION}


class Customer(StrEnum):
    """Whether the shopper had bought from the brand before."""

    NEW = "new"
    RETURNING = "returning"


@dataclass(frozen=True, slots=True)
class Rate:
    """`percent_bp` of the sale, plus `fixed_minor` per conversion."""

    percent_bp: int = 0
    fixed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """Another rate from `threshold` on: minor units or conversions, as `TierBy` says."""

    name: str
    threshold: int
    percent_bp: int = 0
    fixed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Another rate for one product (its sku), collection, customer or promo code.

    A rule about lines has a percentage only, because an order has one amount per conversion.
    """

    kind: RuleKind
    value: str
    percent_bp: int = 0
    fixed_minor: int = 0

    @property
    def key(self) -> tuple[RuleKind, str]:
        """Two rules with the same key contradict each other."""
        return self.kind, self.value.casefold()


class RateLike(Protocol):
    """Terms, a tier or a rule: basis points of the sale, minor units per conversion."""

    @property
    def percent_bp(self) -> int: ...
    @property
    def fixed_minor(self) -> int: ...


def falling_tiers(begins: Rate, tiers: Iterable[Tier]) -> list[Tier]:
    """Return the tiers that pay less than the tier before them, so that a member would lose.

    A tier pays less when one of percentage and amount is lower and the other is not higher.
    `begins` is the rate below the first tier.
    """
    falling, before = [], begins
    for tier in tiers:
        own = Rate(tier.percent_bp, tier.fixed_minor)
        if own != before and all(map(le, astuple(own), astuple(before))):
            falling.append(tier)
        before = own
    return falling


def tiers_from(stored: Iterable[Mapping[str, Any]]) -> tuple[Tier, ...]:
    return tuple(Tier(**row) for row in stored)


def rules_from(stored: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    return tuple(Rule(**{**row, "kind": RuleKind(row["kind"])}) for row in stored)


def as_stored(parts: Iterable[Tier | Rule]) -> list[dict[str, Any]]:
    """Return tiers or rules as they are stored in JSON."""
    return [asdict(part) for part in parts]
