"""Orders, their statements and refunds: lists, and single ones by their ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from django.http import HttpRequest
from ninja import NinjaAPI, Query

from api.authentication import Scope
from api.problems import invalid
from api.resources.operations import Noun
from api.resources.reading import (
    by_number,
    filter_id,
    page_of,
    row_at,
    row_id_named,
    shown_id,
    shown_id_or_none,
)
from api.schemas.orders import (
    AskedOrders,
    AskedRefunds,
    AskedRevisions,
    OrderListed,
    RefundedLineShown,
    RefundListed,
    RevisionShown,
)
from api.schemas.parts import Page, moment, moment_or_none, money
from core.public_ids import IdKind
from tracking.figures.refunds_to_check import refunds_to_check
from tracking.figures.unattributed_orders import unattributed_orders
from tracking.models import Order, OrderRevision, Refund
from tracking.orders.as_sent import refunded_lines
from tracking.orders.facts import FieldProblem

NOUN = Noun("revisions", changes=Scope.ORDERS)


def add_lists(api: NinjaAPI) -> None:
    """Add the lists to addresses at which shops send: one router has all methods of an address."""
    noun = Noun("orders", changes=Scope.ORDERS, onto=api)
    noun.get("/orders", Page[OrderListed])(list_orders)
    noun.get("/refunds", Page[RefundListed])(list_refunds)


def list_orders(request: HttpRequest, asked: Query[AskedOrders]) -> Page[OrderListed]:
    """Return orders, those received last first; unattributed ones by the time of the order."""
    only = {"search": asked.search, "source": asked.source, "brought": asked.brought}
    if not asked.unattributed:
        _refuse_without("unattributed", only)
        return page_of(request, asked, Order.objects.all(), column="received_at", show=_orders)
    found = unattributed_orders(search=asked.search, source=asked.source, brought=asked.brought)
    return page_of(request, asked, found, column="ordered_at", show=_orders)


def list_refunds(request: HttpRequest, asked: Query[AskedRefunds]) -> Page[RefundListed]:
    """Return refunds, those received last first."""
    only = {"search": asked.search, "source": asked.source, "outcome": asked.outcome}
    if asked.to_check:
        found = refunds_to_check(search=asked.search, source=asked.source, outcome=asked.outcome)
    else:
        _refuse_without("to_check", only)
        found = Refund.objects.all()
    if (order := filter_id(IdKind.ORDER, asked, "order")) is not None:
        found = found.filter(order=order)
    return page_of(request, asked, found, column="received_at", show=_refunds)


@NOUN.get("/refunds/{refund}", RefundListed)
def show_refund(request: HttpRequest, refund: str) -> RefundListed:
    """Return one refund by its id."""
    return _refunds([row_at(IdKind.REFUND, refund, Refund.objects.all())])[0]


@NOUN.get("/revisions", Page[RevisionShown])
def list_revisions(request: HttpRequest, asked: Query[AskedRevisions]) -> Page[RevisionShown]:
    """Return the statements of an order, the last first. One that was stated once has none."""
    order = row_id_named(IdKind.ORDER, asked.order, field="order")
    found = OrderRevision.objects.filter(order=order)
    return page_of(request, asked, found, column="received_at", show=_revisions)


@NOUN.get("/revisions/{revision}", RevisionShown)
def show_revision(request: HttpRequest, revision: str) -> RevisionShown:
    """Return one statement of an order."""
    return _revisions([row_at(IdKind.REVISION, revision, OrderRevision.objects.all())])[0]


def orders_shown(ids: Collection[int]) -> dict[int, OrderListed]:
    """Return orders as the list shows them, by number, in one query."""
    rows = list(Order.objects.filter(pk__in=ids))
    return by_number(rows, _orders)


def _refuse_without(needed: str, given: dict[str, str]) -> None:
    """Refuse filters that a long list has no index for."""
    problems = [
        FieldProblem(name, "misplaced", f"needs {needed}=true beside it")
        for name, text in given.items()
        if text
    ]
    if problems:
        raise invalid(problems)


def _orders(rows: Sequence[Order]) -> list[OrderListed]:
    return [
        OrderListed(
            id=shown_id(IdKind.ORDER, row.pk),
            order_id=row.external_id,
            source=row.source,
            number=row.number,
            ordered_at=moment(row.ordered_at),
            received_at=moment(row.received_at),
            updated_at=moment(row.updated_at),
            revision=row.revision,
            total=money(row.total_minor, row.currency),
            payment_status=cast("Any", row.payment_status),
            cancelled_at=moment_or_none(row.cancelled_at),
            is_test=row.is_test,
            promo_codes=list(row.promo_codes),
            unattributed=row.unattributed or None,
        )
        for row in rows
    ]


def _refunds(rows: Sequence[Refund]) -> list[RefundListed]:
    return [
        RefundListed(
            id=shown_id(IdKind.REFUND, row.pk),
            refund_id=row.external_id,
            source=row.source,
            order_id=row.order_external_id,
            order=shown_id_or_none(IdKind.ORDER, row.order_id),
            amount=money(row.amount_minor, row.currency),
            asked=money(row.asked_minor, row.currency) if row.asked_minor is not None else None,
            lines=[RefundedLineShown(**line) for line in refunded_lines(row)],
            refunded_at=moment(row.refunded_at),
            received_at=moment(row.received_at),
            state=cast("Any", row.state),
            reason=row.reason,
        )
        for row in rows
    ]


def _revisions(rows: Sequence[OrderRevision]) -> list[RevisionShown]:
    return [
        RevisionShown(
            id=shown_id(IdKind.REVISION, row.pk),
            order=shown_id(IdKind.ORDER, row.order_id),
            number=row.number,
            contents=row.contents,
            updated_at=moment(row.updated_at),
            received_at=moment(row.received_at),
        )
        for row in rows
    ]
