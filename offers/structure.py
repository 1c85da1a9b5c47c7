"""What terms say, as plain values: rates, tiers, rules, a cap. Pure, and stored as JSON.

Amounts are minor units of the offer's currency, rates are basis points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import date, timedelta
from enum import StrEnum
from operator import le
from typing import Any

MAX_TIERS = 10
MAX_RULES = 200


class CapPeriod(StrEnum):
    """What a tier or a cap counts over, in the brand's time zone."""

    DAY = "day"
    MONTH = "month"
    ALWAYS = "always"

    def days(self, day: date) -> tuple[date, date]:
        """The first and the last day of the period that `day` lies in."""
        match self:
            case CapPeriod.DAY:
                return day, day
            case CapPeriod.MONTH:
                following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
                return day.replace(day=1), following - timedelta(days=1)
            case _:
                return date.min, date.max


class TierBy(StrEnum):
    """What a member climbs the tiers by: net sales in minor units, or accepted conversions."""

    SALES = "sales"
    CONVERSIONS = "conversions"


class RuleKind(StrEnum):
    """What a rule looks at: a line (its product, a collection of it), or the whole order."""

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
    """`percent_bp` of what was sold, and `fixed_minor` for the conversion."""

    percent_bp: int = 0
    fixed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """From `threshold` on (minor units or conversions, as the terms say) another rate applies."""

    name: str
    threshold: int
    percent_bp: int = 0
    fixed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Another rate for one product (its sku), collection, customer or promo code.

    A rule of a line has a percentage only: the amount per conversion belongs to the order.
    """

    kind: RuleKind
    value: str
    percent_bp: int = 0
    fixed_minor: int = 0

    @property
    def key(self) -> tuple[RuleKind, str]:
        """Rules with the same key overlap."""
        return self.kind, self.value.casefold()


def falling_tiers(begins: Rate, tiers: Iterable[Tier]) -> list[Tier]:
    """Tiers that pay less than what is earned below them: who climbs there earns less for it.

    Less in one respect and not more in the other; `begins` is what the first tier follows.
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
    """Tiers or rules as JSON holds them."""
    return [asdict(part) for part in parts]
