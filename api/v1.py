"""/api/v1/: shops send orders and refunds, and look up an order."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI

from api import documents
from api.authentication import ShopKey, key_of
from api.bodies import DEFAULT_SOURCE
from api.order_state import order_state_as_json
from api.problems import NOT_FOUND, ApiError, answer_errors_with_problem_details
from api.receiving import ORDERS, REFUNDS, receive
from core.tenancy import acting_for
from tracking.orders.lookup import look_up_order

api = NinjaAPI(
    title="Tributary",
    version="1",
    description=documents.DESCRIPTION,
    urls_namespace="api:v1",
    docs_url=None,  # the page would load scripts from another host
    auth=ShopKey(),
)
answer_errors_with_problem_details(api)


@api.post(
    "/orders",
    operation_id="send_orders",
    summary="Send orders",
    response=documents.ORDERS_ANSWERS,
    openapi_extra=documents.taking(documents.ORDER, many="orders"),
)
def send_orders(request: HttpRequest) -> HttpResponse:
    """Record one order, or up to 500 under `orders`.

    Source and order_id identify an order. It is recorded once: sending it again is safe and answers
    200. An order that is credited to no member is recorded too, and `reasons` says why.
    """
    return receive(request, ORDERS)


@api.post(
    "/refunds",
    operation_id="send_refunds",
    summary="Send refunds",
    response=documents.REFUNDS_ANSWERS,
    openapi_extra=documents.taking(documents.REFUND, many="refunds"),
)
def send_refunds(request: HttpRequest) -> HttpResponse:
    """Record one refund, or up to 500 under `refunds`.

    A refund that comes before its order waits for it, and the answer is 202.
    """
    return receive(request, REFUNDS)


@api.get(
    "/orders/{order_id}",
    operation_id="show_order",
    summary="Look up an order",
    response=documents.ORDER_ANSWER,
    openapi_extra=documents.ASKING,
)
def show_order(request: HttpRequest, order_id: str) -> HttpResponse:
    """Return an order of the source "api" with its attribution, commission and refunds."""
    return _show(request, source=DEFAULT_SOURCE, order_id=order_id)


@api.get(
    "/orders/{source}/{path:order_id}",
    operation_id="show_order_of_source",
    summary="Look up an order of any source",
    response=documents.ORDER_ANSWER,
    openapi_extra=documents.ASKING,
)
def show_order_of_source(request: HttpRequest, source: str, order_id: str) -> HttpResponse:
    """Return an order of any source. Use this with "api" for an order_id with a slash."""
    return _show(request, source=source, order_id=order_id)


def _show(request: HttpRequest, *, source: str, order_id: str) -> HttpResponse:
    with acting_for(key_of(request).brand):
        state = look_up_order(source=source, external_id=order_id)
    if state is None:
        raise ApiError(
            NOT_FOUND.status, "unknown_order", f"There is no order {order_id} of {source}."
        )
    return JsonResponse(order_state_as_json(state), headers={"Cache-Control": "no-store"})
