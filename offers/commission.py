"""What a conversion earns. A pure function that also says how it came to its answer.

Its laws, held by property tests: never negative; a sale refunded in full earns nothing; the order
of partial refunds doesn't matter, because only their sum comes in; rounding happens once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict

from core.money import share


class CommissionTerms(Protocol):
    """What a version says: basis points of the sale, and minor units per conversion."""

    @property
    def percent_bp(self) -> int: ...
    @property
    def fixed_minor(self) -> int: ...


class Step(TypedDict):
    """One line of the explanation, in numbers, so that it can be told in any language.

    `offers.wording.explain` turns steps into sentences. All amounts are minor units.
    """

    step: str
    amount: int
    base: NotRequired[int]
    refunded: NotRequired[int]
    rate_bp: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Commission:
    """Minor units, and the steps that led there."""

    minor: int
    steps: tuple[Step, ...]


NOT_EARNED = {
    status: Commission(0, (Step(step=status, amount=0),)) for status in ("pending", "rejected")
}


def commission_of(*, terms: CommissionTerms, sale_minor: int, refunded_minor: int) -> Commission:
    """The commission on a sale of `sale_minor`, of which `refunded_minor` went back."""
    kept = sale_minor - refunded_minor
    if kept <= 0:
        return Commission(0, (Step(step="nothing_kept", amount=0),))
    steps: list[Step] = []
    if refunded_minor:
        steps.append(Step(step="refunded", base=sale_minor, refunded=refunded_minor, amount=kept))
    percent = share(kept, terms.percent_bp)
    if terms.percent_bp:
        steps.append(Step(step="percent", base=kept, rate_bp=terms.percent_bp, amount=percent))
    if terms.fixed_minor:
        steps.append(Step(step="fixed", amount=terms.fixed_minor))
    total = percent + terms.fixed_minor
    if terms.percent_bp and terms.fixed_minor:
        steps.append(Step(step="total", amount=total))
    return Commission(total, tuple(steps) or (Step(step="no_terms", amount=0),))
