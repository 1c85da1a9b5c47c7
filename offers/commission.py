"""Compute the commission of a conversion, and explain it step by step. A pure function.

The rate of a line is the best of the rules that match it, even when the terms' own rate would pay
more. Without such a rule it is the rate of the conversion's tier; without tiers, the terms' own.

Property tests hold these laws: a commission is never negative and never above what the cap leaves;
a sale refunded in full earns nothing; after a refund of a part, a fixed amount is whole or in
proportion to what was kept; the order of partial refunds doesn't matter, because only their sum is
used; rounding happens once, and the steps add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict

from core.money import BASIS_POINTS, round_half_up
from offers.structure import FixedAfterRefund, Rate, Rule, RuleKind, Tier


class CommissionTerms(Protocol):
    """The part of a terms version that is needed here: a rate, tiers and rules."""

    @property
    def percent_bp(self) -> int: ...
    @property
    def fixed_minor(self) -> int: ...
    @property
    def fixed_after_refund(self) -> str: ...
    @property
    def tier_list(self) -> Sequence[Tier]: ...
    @property
    def rule_list(self) -> Sequence[Rule]: ...


class Because(TypedDict):
    """Why a rate applies: the kind of a rule, or "tier", and its value or name."""

    kind: str
    value: str


class CommissionStep(TypedDict):
    """One line of the explanation, as numbers. All amounts are minor units.

    `offers.wording.explain` turns steps into sentences in the reader's language.
    """

    step: str
    amount: int
    base: NotRequired[int]
    refunded: NotRequired[int]
    rate_bp: NotRequired[int]
    because: NotRequired[Because]


@dataclass(frozen=True, slots=True)
class Commission:
    """A commission in minor units, and the steps that explain it."""

    minor: int
    steps: tuple[CommissionStep, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """All of one product in an order: minor units, net of discounts, without tax and shipping."""

    sku: str
    collections: tuple[str, ...]
    sold_minor: int
    refunded_minor: int = 0

    @property
    def kept_minor(self) -> int:
        return self.sold_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class Sale:
    """The facts that the commission is computed from. Amounts are minor units.

    `tier` counts from 1, 0 is no tier; `code` is the promo code that the order is credited by;
    `customer` is a `structure.Customer` or empty; `left_under_cap_minor` is what the member can
    still earn, None without a cap. `lines` are needed only when a rule is about lines. `share_bp`
    is the member's share of the commission, in basis points, and `shares_before_bp` what others
    have of it who come before: so that rounded shares of one commission add up to it.
    """

    sold_minor: int
    refunded_minor: int = 0
    tier: int = 0
    code: str = ""
    customer: str = ""
    left_under_cap_minor: int | None = None
    lines: tuple[Line, ...] = ()
    share_bp: int = BASIS_POINTS
    shares_before_bp: int = 0


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A rate, and why it applies. Without a reason it is the terms' own rate."""

    rate: Rate
    because: Because | None = None
    is_rule: bool = False


REJECTED = Commission(0, (CommissionStep(step="rejected", amount=0),))


def commission_of(*, terms: CommissionTerms, sale: Sale) -> Commission:
    """Return the commission on what the shopper kept of a sale."""
    kept = sale.sold_minor - sale.refunded_minor
    if kept <= 0:
        return Commission(0, (CommissionStep(step="nothing_kept", amount=0),))
    steps: list[CommissionStep] = []
    if sale.refunded_minor:
        steps.append(
            CommissionStep(
                step="refunded", base=sale.sold_minor, refunded=sale.refunded_minor, amount=kept
            )
        )
    general = _rate_of_order(terms, sale)
    parts = [*_parts(terms, sale, general)]
    total = sum(part["amount"] for part in parts)
    steps += parts
    if len(parts) > 1:
        steps.append(CommissionStep(step="total", amount=total))
    if sale.share_bp != BASIS_POINTS:
        part = _share(total, sale.shares_before_bp, sale.share_bp)
        steps.append(CommissionStep(step="share", rate_bp=sale.share_bp, amount=part))
        total = part
    if sale.left_under_cap_minor is not None and total > sale.left_under_cap_minor:
        steps.append(CommissionStep(step="capped", base=total, amount=sale.left_under_cap_minor))
        total = sale.left_under_cap_minor
    return Commission(
        total, tuple(steps) if parts else (CommissionStep(step="no_terms", amount=0),)
    )


def waiting(earnable: Commission) -> Commission:
    """Return a commission of zero that says what it will be once the conversion is accepted."""
    return Commission(0, (*earnable.steps, CommissionStep(step="pending", amount=earnable.minor)))


def _share(total: int, before_bp: int, share_bp: int) -> int:
    """What a share of `total` is, after shares of `before_bp`. Minor units."""
    before, with_it = (
        round_half_up(total * up_to, BASIS_POINTS) for up_to in (before_bp, before_bp + share_bp)
    )
    return with_it - before


def _rate_of_order(terms: CommissionTerms, sale: Sale) -> _Chosen:
    """The rate of all lines that no rule about lines matches.

    Of two rules for the whole order, the one that pays more on the full sale wins. The full sale is
    used so that a refund never changes which rule wins.
    """
    fitting = [rule for rule in terms.rule_list if _fits_order(rule, sale)]
    if fitting:
        return _by_rule(max(fitting, key=lambda rule: _pays(rule, sale.sold_minor)))
    if sale.tier:
        tier = terms.tier_list[sale.tier - 1]
        return _Chosen(
            Rate(tier.percent_bp, tier.fixed_minor), Because(kind="tier", value=tier.name)
        )
    return _Chosen(Rate(terms.percent_bp, terms.fixed_minor))


def _rate_of_line(terms: CommissionTerms, line: Line, general: _Chosen) -> _Chosen:
    fitting = [_by_rule(rule) for rule in terms.rule_list if _fits_line(rule, line)]
    if fitting and general.is_rule:
        fitting.append(general)
    return max(fitting, key=lambda one: one.rate.percent_bp) if fitting else general


def _fits_order(rule: Rule, sale: Sale) -> bool:
    value = {RuleKind.CUSTOMER: sale.customer, RuleKind.CODE: sale.code}.get(rule.kind, "")
    return bool(value) and value.casefold() == rule.value.casefold()


def _fits_line(rule: Rule, line: Line) -> bool:
    if rule.kind == RuleKind.PRODUCT:
        return rule.value.casefold() == line.sku.casefold()
    named = {collection.casefold() for collection in line.collections}
    return rule.kind == RuleKind.COLLECTION and rule.value.casefold() in named


def _pays(rule: Rule, sold_minor: int) -> int:
    return sold_minor * rule.percent_bp + BASIS_POINTS * rule.fixed_minor


def _by_rule(rule: Rule) -> _Chosen:
    because = Because(kind=rule.kind.value, value=rule.value)
    return _Chosen(Rate(rule.percent_bp, rule.fixed_minor), because, is_rule=True)


def _parts(terms: CommissionTerms, sale: Sale, general: _Chosen) -> Iterator[CommissionStep]:
    """One step per rate, then the fixed amount. The sum is rounded once; the steps add up to it."""
    sum_of_shares = paid_so_far = 0
    for chosen, kept in _kept_by_rate(terms, sale, general):
        sum_of_shares += kept * chosen.rate.percent_bp
        paid = round_half_up(sum_of_shares, BASIS_POINTS)
        if chosen.rate.percent_bp or chosen.because:
            step = CommissionStep(
                step="percent",
                base=kept,
                rate_bp=chosen.rate.percent_bp,
                amount=paid - paid_so_far,
            )
            yield _explained(step, chosen)
        paid_so_far = paid
    fixed = general.rate.fixed_minor
    if fixed and sale.refunded_minor and terms.fixed_after_refund == FixedAfterRefund.SHARE:
        kept = sale.sold_minor - sale.refunded_minor
        shares = sum_of_shares * sale.sold_minor + fixed * kept * BASIS_POINTS
        total = round_half_up(shares, BASIS_POINTS * sale.sold_minor)
        yield _explained(
            CommissionStep(step="fixed", base=fixed, amount=total - paid_so_far), general
        )
    elif fixed:
        yield _explained(CommissionStep(step="fixed", amount=fixed), general)


def _kept_by_rate(
    terms: CommissionTerms, sale: Sale, general: _Chosen
) -> Iterable[tuple[_Chosen, int]]:
    """What was kept of the sale under each rate, the rate of the order first."""
    if not any(rule.kind.is_of_line for rule in terms.rule_list):
        has_percentage = bool(general.rate.percent_bp) or not general.rate.fixed_minor
        return [(general, sale.sold_minor - sale.refunded_minor)] if has_percentage else []
    kept: dict[str, tuple[_Chosen, int]] = {}
    for line in sale.lines:
        chosen = _rate_of_line(terms, line, general)
        name = "" if chosen is general else repr(chosen.because)
        kept[name] = chosen, kept.get(name, (chosen, 0))[1] + line.kept_minor
    return [kept[name] for name in sorted(kept) if kept[name][1]]


def _explained(step: CommissionStep, chosen: _Chosen) -> CommissionStep:
    if chosen.because:
        step["because"] = chosen.because
    return step
