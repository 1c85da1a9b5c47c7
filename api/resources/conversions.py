"""Conversions: reading and deciding them, crediting orders by hand, sharing them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.resources.enrollments import enrollments_shown
from api.resources.members import members_shown
from api.resources.offers import offers_shown
from api.resources.operations import Noun
from api.resources.orders import orders_shown
from api.resources.reading import (
    by_number,
    expanded,
    filter_id,
    ids_named,
    linked,
    page_of,
    row_at,
    row_named,
    shown_id,
)
from api.resources.refusing import changed_meanwhile
from api.schemas.conversions import (
    AskedConversion,
    AskedConversions,
    ChosenConversions,
    ConversionShown,
    Credited,
    CreditingShown,
    FoundShown,
    LookedAgain,
    NotCreditedShown,
    Rejected,
    ShareHeld,
    ShareSent,
    SharesHeld,
    SharesShown,
    Sharing,
)
from api.schemas.parts import Changed, Page, moment, money
from core.public_ids import IdKind
from offers.models import Enrollment
from tracking.figures.conversion_list import conversions
from tracking.flags.deciding import accept_conversions, reject_conversions
from tracking.models import Conversion, Order
from tracking.orders.crediting import (
    CreditingResult,
    credit_by_own_evidence,
    credit_orders_by_hand,
)
from tracking.orders.exchange import plain_rate
from tracking.orders.sharing import Share, SharesChangedError, pairs_as_text, share_order

NOUN = Noun("conversions", changes=Scope.ORDERS)
EXPANDABLE = ("order", "member", "offer", "enrollment")
OTHER_SHARES = "The shares are others by now, and nothing was changed."


@NOUN.get("/conversions", Page[ConversionShown])
def list_conversions(request: HttpRequest, asked: Query[AskedConversions]) -> Page[ConversionShown]:
    """Return conversions, those of the newest orders first."""
    whole = expanded(asked, *EXPANDABLE)
    found = conversions(
        search=asked.search,
        status=asked.status,
        evidence=asked.evidence,
        offer_id=filter_id(IdKind.OFFER, asked, "offer"),
        member_id=filter_id(IdKind.MEMBER, asked, "member"),
        enrollment_id=filter_id(IdKind.ENROLLMENT, asked, "enrollment"),
    ).select_related(None)
    return page_of(
        request, asked, found, column="occurred_at", show=lambda rows: _show(rows, whole)
    )


@NOUN.get("/conversions/{conversion}", ConversionShown)
def show_conversion(
    request: HttpRequest, conversion: str, asked: Query[AskedConversion]
) -> ConversionShown:
    """Return one conversion."""
    row = row_at(IdKind.CONVERSION, conversion, Conversion.objects.all())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/conversions", CreditingShown)
def credit_orders(request: HttpRequest, sent: Credited) -> CreditingShown:
    """Credit orders that nobody is credited for to a member, by hand. They earn at once."""
    to = Enrollment.objects.select_related("member", "offer")
    result = credit_orders_by_hand(
        order_ids=_order_ids(sent.orders),
        enrollment=row_named(IdKind.ENROLLMENT, sent.enrollment, to, field="enrollment"),
        reason=sent.reason,
        by=actor_of(request),
        now=timezone.now(),
    )
    return _credited(result)


@NOUN.post("/conversions/look-again", CreditingShown)
def look_at_orders_again(request: HttpRequest, sent: LookedAgain) -> CreditingShown:
    """Credit orders whose own codes, clicks and customers speak for a member by now."""
    result = credit_by_own_evidence(
        order_ids=_order_ids(sent.orders),
        by=actor_of(request),
        now=timezone.now(),
    )
    return _credited(result)


@NOUN.post("/conversions/accept", Changed)
def accept_some_conversions(request: HttpRequest, sent: ChosenConversions) -> Changed:
    """Accept conversions that wait or were rejected. Their commission is earned at once.

    One stays rejected while an order of another source that may be the same is credited.
    """
    changed = accept_conversions(
        conversion_ids=_conversion_ids(sent.conversions),
        by=actor_of(request),
        now=timezone.now(),
    )
    return Changed(changed=changed)


@NOUN.post("/conversions/reject", Changed)
def reject_some_conversions(request: HttpRequest, sent: Rejected) -> Changed:
    """Reject conversions. What was earned is taken back from what is due."""
    changed = reject_conversions(
        conversion_ids=_conversion_ids(sent.conversions),
        reason=sent.reason,
        by=actor_of(request),
        now=timezone.now(),
    )
    return Changed(changed=changed)


@NOUN.post("/conversions/{conversion}/share", SharesShown, conflicts=True)
def share_conversion(request: HttpRequest, conversion: str, sent: Sharing) -> SharesShown:
    """Give the order of a conversion to another member, or share it among several."""
    row = row_at(IdKind.CONVERSION, conversion, Conversion.objects.all())
    try:
        shared = share_order(
            order_id=row.order_id,
            shares=_shares(sent.shares, "shares"),
            reason=sent.reason,
            seen=_as_text(_shares(sent.seen, "seen")) if sent.seen is not None else None,
            by=actor_of(request),
            now=timezone.now(),
        )
    except SharesChangedError as error:
        raise changed_meanwhile(_held(error.held), OTHER_SHARES) from error
    return SharesShown(data=_show(_fresh(shared), frozenset()))


def _held(rows: Sequence[Conversion]) -> SharesHeld:
    return SharesHeld(
        shares=[
            ShareHeld(
                enrollment=shown_id(IdKind.ENROLLMENT, row.enrollment_id), share_bp=row.share_bp
            )
            for row in rows
        ]
    )


def _as_text(shares: Sequence[Share]) -> str:
    return pairs_as_text((share.enrollment.pk, share.share_bp) for share in shares)


def _shares(sent: Sequence[ShareSent], field: str) -> list[Share]:
    rows = Enrollment.objects.select_related("member", "offer")
    return [
        Share(
            row_named(IdKind.ENROLLMENT, one.enrollment, rows, field=f"{field}.{place}.enrollment"),
            one.share_bp,
        )
        for place, one in enumerate(sent)
    ]


def _order_ids(texts: Sequence[str]) -> list[int]:
    return ids_named(IdKind.ORDER, texts, Order.objects.all(), field="orders")


def _conversion_ids(texts: Sequence[str]) -> list[int]:
    return ids_named(IdKind.CONVERSION, texts, Conversion.objects.all(), field="conversions")


def conversions_shown(ids: Collection[int]) -> dict[int, ConversionShown]:
    """Return conversions whole, by number."""
    rows = list(Conversion.objects.filter(pk__in=ids))
    return by_number(rows, lambda found: _show(found, frozenset()))


def _fresh(rows: Sequence[Conversion]) -> list[Conversion]:
    """The rows as PostgreSQL has them, in the same sequence: new ones lack its own defaults."""
    found = Conversion.objects.in_bulk([row.pk for row in rows])
    return [found[row.pk] for row in rows]


def _credited(result: CreditingResult) -> CreditingShown:
    return CreditingShown(
        data=_show(_fresh(result.conversions), frozenset()),
        not_credited=[
            NotCreditedShown(order=shown_id(IdKind.ORDER, one.order.pk), why=str(one))
            for one in result.not_credited
        ],
    )


def _show(rows: Sequence[Conversion], whole: frozenset[str]) -> list[ConversionShown]:
    def ids(name: str) -> list[int]:
        return [getattr(row, f"{name}_id") for row in rows]

    order = linked(IdKind.ORDER, "order" in whole, ids("order"), orders_shown)
    member = linked(IdKind.MEMBER, "member" in whole, ids("member"), members_shown)
    offer = linked(IdKind.OFFER, "offer" in whole, ids("offer"), offers_shown)
    enrollment = linked(
        IdKind.ENROLLMENT, "enrollment" in whole, ids("enrollment"), enrollments_shown
    )
    return [
        ConversionShown(
            id=shown_id(IdKind.CONVERSION, row.pk),
            order=order(row.order_id),
            member=member(row.member_id),
            offer=offer(row.offer_id),
            enrollment=enrollment(row.enrollment_id),
            terms=shown_id(IdKind.TERMS, row.terms_id),
            status=cast("Any", row.status),
            reason=row.reason,
            is_held=row.is_held,
            decision=cast("Any", row.decision),
            evidence=cast("Any", row.evidence),
            why=row.why,
            found=[FoundShown(evidence=one["evidence"], words=one["words"]) for one in row.claims],
            share_bp=row.share_bp,
            share_reason=row.share_reason,
            occurred_at=moment(row.occurred_at),
            payable_at=moment(row.payable_at),
            sale=money(row.sale_minor, row.currency),
            refunded=money(row.refunded_minor, row.currency),
            commission=money(row.commission_minor, row.currency),
            earnable=money(row.earnable_minor, row.currency),
            rate=plain_rate(row.rate) if row.rate else None,
            rate_on=row.rate_on.isoformat() if row.rate_on else None,
        )
        for row in rows
    ]
