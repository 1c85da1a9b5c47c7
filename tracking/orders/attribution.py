"""Decide which member an order is credited to, and why.

Evidence, strongest first: the order's promo code, its click id, and, if the offer remembers
customers, a customer of an earlier order. Weaker evidence is stored too. `load_evidence` reads all
evidence of a batch at once; `attribute` is a pure function.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from core.kept_queries import kept_query
from core.money import BASIS_POINTS
from offers.models import Enrollment, Offer
from tracking.links import click_ids
from tracking.links.code_text import normal_code
from tracking.models import (
    Conversion,
    ConversionStatus,
    Evidence,
    Order,
    PromoCode,
    TrackingLink,
)
from tracking.orders.exchange import Rates
from tracking.orders.facts import FieldProblem, OrderFacts
from tracking.orders.same_order import SameOrder, credited_elsewhere

OTHER_CURRENCY = "the order is in "  # how the reason of an order in another currency begins
MAX_UNATTRIBUTED = 200  # characters
MAX_CLOCK_SKEW = timedelta(minutes=5)  # a shop's clock may be this much behind ours

NO_EVIDENCE = FieldProblem(
    "promo_code",
    "no_evidence",
    "the order has no code, no click and no customer of an earlier order",
)


AnyOrder = OrderFacts | Order  # as it is sent, or as it is recorded


@dataclass(frozen=True, slots=True)
class FoundEvidence:
    """One piece of evidence, and the enrollment that it speaks for."""

    kind: Evidence
    enrollment: Enrollment
    words: str  # "code MARA15", "a click on 22 Nov 2026"
    # The values from which portal.dashboard.attribution_reason makes a translated sentence.
    facts: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "evidence": self.kind.value,
            "enrollment": self.enrollment.pk,
            "words": self.words,
            **self.facts,
        }


@dataclass(frozen=True, slots=True)
class Attribution:
    """The evidence that counts, the winner first, and why other evidence did not count."""

    evidence: tuple[FoundEvidence, ...]
    problems: tuple[FieldProblem, ...]
    # The ids of orders that a browser reported before: they may be this one, and give way to it.
    replaces: tuple[int, ...] = ()

    @property
    def winner(self) -> FoundEvidence | None:
        return self.evidence[0] if self.evidence else None

    @property
    def reasons(self) -> tuple[FieldProblem, ...]:
        """Why no member is credited; empty when one is."""
        return () if self.evidence else self.problems or (NO_EVIDENCE,)

    @property
    def unattributed(self) -> str:
        """Why no member is credited, as the order keeps it; "" when one is."""
        return "" if self.evidence else self.why[:MAX_UNATTRIBUTED]

    @property
    def why(self) -> str:
        """A sentence for staff and members: the evidence that won, or why no member is credited."""
        if not self.evidence:
            return "; ".join(problem.message for problem in self.reasons)
        winner, *others = self.evidence
        if not others:
            return f"the order brought {winner.words}"
        lost = " and ".join(other.words for other in others)
        return f"the order brought {winner.words}, which wins over {lost}"


@dataclass(slots=True)
class BatchEvidence:
    """The codes, links and customers that the orders of one batch name, read at once.

    `codes` holds everybody who has or had a code, in the order in which they got it.
    `customers` holds, by offer and reference, when each was won, with what share, and by whom.
    `elsewhere` holds credited orders of other sources with the number of one of the batch.
    """

    codes: dict[str, list[PromoCode]]
    links: dict[int, TrackingLink]
    customers: dict[tuple[int, str], list[tuple[datetime, int, Enrollment]]] = field(
        default_factory=dict
    )
    remembering: dict[int, Offer] = field(default_factory=dict)
    elsewhere: list[SameOrder] = field(default_factory=list)

    def remember(
        self,
        *,
        customer_ref: str,
        won_at: datetime,
        enrollment: Enrollment,
        share_bp: int = BASIS_POINTS,
    ) -> None:
        """Add a customer whom a code, a click or staff gave to a member."""
        if customer_ref and enrollment.offer_id in self.remembering:
            won = self.customers.setdefault((enrollment.offer_id, customer_ref), [])
            won.append((won_at, share_bp, enrollment))

    def winner_of(
        self, offer: Offer, *, customer_ref: str, ordered_at: datetime
    ) -> Enrollment | None:
        """Who won the customer last before this order.

        None when that is longer ago than the offer remembers, or the member was away from the offer
        when the order was placed.
        """
        won = self.customers.get((offer.pk, customer_ref), [])
        before = [one for one in won if one[0] < ordered_at]
        if not before:
            return None
        won_at, _, enrollment = max(before, key=lambda one: (one[0], one[1], one[2].pk))
        is_remembered = ordered_at - won_at <= timedelta(days=offer.customer_window_days)
        return enrollment if is_remembered and enrollment.was_active_at(ordered_at) else None


def load_evidence(orders: Sequence[AnyOrder], *, source: str) -> BatchEvidence:
    """Fetch the evidence for a batch of orders of one source. The number of queries is fixed."""
    codes = {normal_code(code) for order in orders for code in order.promo_codes}
    clicks = [click_ids.read(order.click_id) for order in orders if order.click_id]
    evidence = BatchEvidence(
        codes=_holders(codes),
        links=TrackingLink.objects.select_related("enrollment__offer").in_bulk(
            [click.link_id for click in clicks if click]
        )
        if clicks
        else {},
        remembering={offer.pk: offer for offer in _remembering()},
    )
    if evidence.remembering:
        refs = {order.customer_ref for order in orders if order.customer_ref}
        _load_customers(evidence, refs, source=source)
    if evidence.codes or evidence.links or evidence.remembering:
        evidence.elsewhere = credited_elsewhere(orders, source=source)
    return evidence


def _holders(codes: Collection[str]) -> dict[str, list[PromoCode]]:
    holders: dict[str, list[PromoCode]] = {}
    for row in _codes(codes=sorted(codes)) if codes else ():
        holders.setdefault(row.code.upper(), []).append(row)
    return holders


@kept_query
def _codes(*, codes: list[str]) -> QuerySet[PromoCode]:
    rows = PromoCode.objects.named(codes).order_by("created_at", "pk")
    return rows.select_related("enrollment__offer")


@kept_query
def _remembering() -> QuerySet[Offer]:
    return Offer.objects.filter(remembers_customers=True)


def _load_customers(evidence: BatchEvidence, refs: Iterable[str], *, source: str) -> None:
    """Customers of other sources have other references, and a rejected order wins nobody."""
    rows = (
        Conversion.objects.filter(
            order__customer_ref__in=set(refs),
            order__source=source,
            offer__in=list(evidence.remembering),
        )
        .exclude(status=ConversionStatus.REJECTED)
        .exclude(evidence=Evidence.CUSTOMER)
        .select_related("enrollment__offer", "order")
    )
    for row in rows:
        evidence.remember(
            customer_ref=row.order.customer_ref,
            won_at=row.occurred_at,
            enrollment=row.enrollment,
            share_bp=row.share_bp,
        )


def attribute(
    order: AnyOrder,
    evidence: BatchEvidence,
    *,
    rates: Rates | None = None,
    is_noticed: bool = False,
) -> Attribution:
    """Return the evidence for `order`, the winner first.

    None counts when the winner's offer is in another currency, unless `rates` have one for it: the
    order earns nothing until staff credit it, and weaker evidence does not take its place. Nor does
    any count when the order may be one that is credited already, from another source; `is_noticed`:
    it seemed so before.
    """
    found: list[FoundEvidence] = []
    problems: list[FieldProblem] = []
    for evidence_or_problem in (
        _by_code(order, evidence),
        _by_click(order, evidence),
        _by_customer(order, evidence),
    ):
        if isinstance(evidence_or_problem, FoundEvidence):
            found.append(evidence_or_problem)
        elif evidence_or_problem is not None:
            problems.append(evidence_or_problem)
    attribution = Attribution(tuple(found), tuple(problems))
    if order.is_test:
        message = f"a test order never counts; {attribution.why}"
        return Attribution((), (FieldProblem("is_test", "test_order", message),))
    if not found:
        return attribution
    if problem := _currency_problem(order, found[0].enrollment.offer, rates):
        return Attribution((), (problem, *problems))
    same = [one for one in evidence.elsewhere if one.is_also(order, is_noticed=is_noticed)]
    in_the_way = next((one for one in same if not one.gives_way_to(found[0].kind)), None)
    if in_the_way is not None:
        return Attribution((), (FieldProblem("order_id", "may_be_same", in_the_way.words),))
    return replace(attribution, replaces=tuple(one.order_pk for one in same))


def _currency_problem(order: AnyOrder, offer: Offer, rates: Rates | None) -> FieldProblem | None:
    if offer.currency == order.currency or (rates and rates.at(order, offer.currency)):
        return None
    return FieldProblem(
        "currency",
        "not_the_offers_currency",
        f"{OTHER_CURRENCY}{order.currency}, the offer {offer.name} in {offer.currency}",
    )


def _by_code(order: AnyOrder, evidence: BatchEvidence) -> FoundEvidence | FieldProblem | None:
    """The first of the order's codes that counts; else what is wrong with the first known one."""
    problems = []
    for text in order.promo_codes:
        holders = evidence.codes.get(normal_code(text), [])
        code = _holder_at(holders, order.ordered_at)
        problem = _code_problem(holders, code, order) if holders else None
        if code and problem is None:
            words = f"the code {code.code}"
            return FoundEvidence(Evidence.CODE, code.enrollment, words, {"code": code.code})
        problems += [problem] if problem else []
    if problems or not order.promo_codes:
        return problems[0] if problems else None
    said = ("the code " if len(order.promo_codes) == 1 else "one of the codes ") + ", ".join(
        order.promo_codes
    )
    return FieldProblem("promo_code", "unknown_code", f"no member has {said}")


def _holder_at(holders: Sequence[PromoCode], moment: datetime) -> PromoCode | None:
    """The code of the member who had it then. Orders from before anybody had it go to the first."""
    for code in holders:
        is_given = code is holders[0] or moment >= code.created_at
        if is_given and code.was_active_at(moment):
            return code
    return None


def _code_problem(
    holders: Sequence[PromoCode], code: PromoCode | None, order: AnyOrder
) -> FieldProblem | None:
    """Why a code that members have or had does not count for this order; None if it does."""
    if code is None:
        named = holders[0].code
        return FieldProblem(
            "promo_code", "inactive_code", f"the code {named} was not active at that time"
        )
    if not code.enrollment.was_active_at(order.ordered_at):
        return _member_away("promo_code")
    if not code.enrollment.offer.counts_at(order.ordered_at):
        return _not_counting("promo_code", code.enrollment.offer)
    return None


def _by_click(order: AnyOrder, evidence: BatchEvidence) -> FoundEvidence | FieldProblem | None:
    if not order.click_id:
        return None
    click = click_ids.read(order.click_id)
    link = evidence.links.get(click.link_id) if click else None
    if click is None or link is None:
        return FieldProblem("click_id", "unknown_click", "the click id is not one of ours")
    offer = link.enrollment.offer
    if not link.was_active_at(click.clicked_at):
        return FieldProblem(
            "click_id", "inactive_link", "the link was not active when it was clicked"
        )
    if not link.enrollment.was_active_at(order.ordered_at):
        return _member_away("click_id")
    if not offer.counts_at(click.clicked_at):
        return _not_counting("click_id", offer)
    if click.clicked_at > order.ordered_at + MAX_CLOCK_SKEW:
        return FieldProblem("click_id", "click_after_order", "the click came after the order")
    if order.ordered_at - click.clicked_at > timedelta(days=offer.click_window_days):
        return FieldProblem(
            "click_id",
            "outside_window",
            f"the click was more than {offer.click_window_days} days before the order",
        )
    return FoundEvidence(
        Evidence.CLICK,
        link.enrollment,
        f"a click on {click.clicked_at:%-d %b %Y}",
        {"clicked_at": click.clicked_at.isoformat()},
    )


def _by_customer(order: AnyOrder, evidence: BatchEvidence) -> FoundEvidence | None:
    if not order.customer_ref:
        return None
    for _, offer in sorted(evidence.remembering.items()):
        enrollment = evidence.winner_of(
            offer, customer_ref=order.customer_ref, ordered_at=order.ordered_at
        )
        if enrollment is not None and offer.counts_at(order.ordered_at):
            return FoundEvidence(
                Evidence.CUSTOMER, enrollment, "a customer won by an earlier order"
            )
    return None


def _member_away(where: str) -> FieldProblem:
    message = "the member was not active when the order was placed"
    return FieldProblem(where, "inactive_member", message)


def _not_counting(where: str, offer: Offer) -> FieldProblem:
    return FieldProblem(where, "offer_not_counting", f"the offer {offer.name} did not count then")
