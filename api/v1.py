"""/api/v1/: shops send orders and refunds, state them anew, and look up an order."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from api import documents
from api.authentication import Scope, actor_of, key_of, needs
from api.bodies import DEFAULT_SOURCE, BodyParser
from api.described import DescribedApi, made_once
from api.order_state import order_state_as_json
from api.problems import NOT_FOUND, ApiError, answer_errors_with_problem_details
from api.receiving import ORDERS, REFUNDS, receive, receive_at
from api.reports import add_reports
from api.resources.nouns import add_nouns
from api.resources.operations import check_query, refuse_version
from core.public_ids import IdKind, row_id_in
from core.tenancy import acting_for
from tracking.orders.lookup import look_up_order, look_up_order_by_key
from tracking.orders.refunds import undo_refund

api = DescribedApi(
    title="Tributary",
    version="1",
    description=documents.DESCRIPTION,
    urls_namespace="api:v1",
    docs_url=None,  # the page would load scripts from another host
    docs_decorator=made_once,
    auth=needs(*Scope),
    parser=BodyParser(),
)
answer_errors_with_problem_details(api)


@api.post(
    "/orders",
    tags=["orders"],
    operation_id="send_orders",
    auth=needs(Scope.ORDERS),
    summary="Send orders",
    response=documents.ORDERS_ANSWERS,
    openapi_extra=documents.taking(documents.ORDER, many="orders"),
)
def send_orders(request: HttpRequest) -> HttpResponse:
    """Record one order, or up to 500 under `orders`.

    Source and order_id identify an order. It is recorded once: sending it again is safe and answers
    200, and with other contents it answers 409. To say what an order is now, use PUT. An order that
    is credited to no member is recorded too, and `reasons` says why.
    """
    return receive(_plain(request), ORDERS)


@api.put(
    "/orders",
    tags=["orders"],
    operation_id="state_orders",
    auth=needs(Scope.ORDERS),
    summary="State orders anew",
    response=documents.ORDERS_ANSWERS,
    openapi_extra=documents.taking(documents.ORDER, many="orders"),
)
def state_orders(request: HttpRequest) -> HttpResponse:
    """Say what one order, or up to 500 under `orders`, are now. Unknown orders are recorded.

    Of two statements of an order, the one with the newer `updated_at` counts, in whatever sequence
    they come; an older one is answered `superseded`. Commission follows. A credited order keeps its
    member, its terms, its tier and its day.
    """
    return receive(_plain(request), ORDERS)


@api.put(
    "/orders/{source}/{path:order_id}",
    tags=["orders"],
    operation_id="state_order",
    auth=needs(Scope.ORDERS),
    summary="State one order anew",
    response=documents.ORDERS_ANSWERS,
    openapi_extra=documents.stating(documents.ORDER, identity="order_id"),
)
def state_order(request: HttpRequest, source: str, order_id: str) -> HttpResponse:
    """Say what an order is now. One that is unknown is recorded."""
    return receive_at(_plain(request), ORDERS, source=source, name=order_id)


@api.post(
    "/refunds",
    tags=["orders"],
    operation_id="send_refunds",
    auth=needs(Scope.ORDERS),
    summary="Send refunds",
    response=documents.REFUNDS_ANSWERS,
    openapi_extra=documents.taking(documents.REFUND, many="refunds"),
)
def send_refunds(request: HttpRequest) -> HttpResponse:
    """Record one refund, or up to 500 under `refunds`.

    A refund is of some lines, with an amount, a quantity or neither, or of the whole order. One
    that comes before its order waits for it, and the answer is 202. What is more than is left of
    the order is recorded too: the answer says what was `applied`, and why not all.
    """
    return receive(_plain(request), REFUNDS)


@api.put(
    "/refunds",
    tags=["orders"],
    operation_id="state_refunds",
    auth=needs(Scope.ORDERS),
    summary="State refunds anew",
    response=documents.REFUNDS_ANSWERS,
    openapi_extra=documents.taking(documents.REFUND, many="refunds"),
)
def state_refunds(request: HttpRequest) -> HttpResponse:
    """Replace one refund, or up to 500 under `refunds`. Unknown ones are recorded."""
    return receive(_plain(request), REFUNDS)


@api.put(
    "/refunds/{source}/{path:refund_id}",
    tags=["orders"],
    operation_id="state_refund",
    auth=needs(Scope.ORDERS),
    summary="State one refund anew",
    response=documents.REFUNDS_ANSWERS,
    openapi_extra=documents.stating(documents.REFUND, identity="refund_id"),
)
def state_refund(request: HttpRequest, source: str, refund_id: str) -> HttpResponse:
    """Replace a refund. One that is unknown is recorded."""
    return receive_at(_plain(request), REFUNDS, source=source, name=refund_id)


@api.delete(
    "/refunds/{source}/{path:refund_id}",
    tags=["orders"],
    operation_id="undo_refund",
    auth=needs(Scope.ORDERS),
    summary="Undo a refund",
    response=documents.REFUND_UNDONE,
    openapi_extra=documents.ASKING,
)
def undo_one_refund(request: HttpRequest, source: str, refund_id: str) -> HttpResponse:
    """Take a refund back: its order earns as if the refund had never been. Safe to repeat."""
    key = key_of(_plain(request))
    with acting_for(key.brand):
        is_undone = undo_refund(
            source=source, external_id=refund_id, by=actor_of(request), now=timezone.now()
        )
    if not is_undone:
        raise ApiError(
            NOT_FOUND.status, "unknown_refund", f"There is no refund {refund_id} of {source}."
        )
    return JsonResponse({"refund_id": refund_id, "source": source, "outcome": "undone"})


@api.get(
    "/orders/{order_id}",
    tags=["orders"],
    operation_id="show_order",
    auth=needs(Scope.READ, Scope.ORDERS),
    summary="Look up an order",
    response=documents.ORDER_ANSWER,
    openapi_extra=documents.ASKING,
)
def show_order(request: HttpRequest, order_id: str) -> HttpResponse:
    """Return an order with its attribution, commission and refunds.

    `order_id` is that of an order of the source "api", or else the `id` (ord_…) of any order, as
    lists and webhooks have it.
    """
    return _show(request, source=DEFAULT_SOURCE, order_id=order_id, by_id=True)


@api.get(
    "/orders/{source}/{path:order_id}",
    tags=["orders"],
    operation_id="show_order_of_source",
    auth=needs(Scope.READ, Scope.ORDERS),
    summary="Look up an order of any source",
    response=documents.ORDER_ANSWER,
    openapi_extra=documents.ASKING,
)
def show_order_of_source(request: HttpRequest, source: str, order_id: str) -> HttpResponse:
    """Return an order of any source. Use this with "api" for an order_id with a slash."""
    return _show(request, source=source, order_id=order_id)


def _plain(request: HttpRequest) -> HttpRequest:
    """The request, unless it brings a query or a version, of which nothing is known here."""
    check_query(request)
    refuse_version(request)
    return request


def _show(request: HttpRequest, *, source: str, order_id: str, by_id: bool = False) -> HttpResponse:
    """Answer with an order. `by_id`: one with this id, unless the source has one called so."""
    check_query(request)
    brand = key_of(request).brand
    with acting_for(brand):
        state = look_up_order(source=source, external_id=order_id)
        row_id = row_id_in(IdKind.ORDER, order_id, brand_id=brand.pk) if by_id else None
        if state is None and row_id is not None:
            state = look_up_order_by_key(row_id)
    if state is None:
        raise ApiError(
            NOT_FOUND.status, "unknown_order", f"There is no order {order_id} of {source}."
        )
    return JsonResponse(order_state_as_json(state), headers={"Cache-Control": "no-store"})


add_reports(api)
add_nouns(api)
