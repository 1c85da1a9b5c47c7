"""One event with what came of it, and one shopper's request about their data."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, may
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.events_lists import SECTION, TONES
from brand_admin.pages import csv_response, render_page
from core.csv_export import csv_moment
from core.templatetags.display import quantity
from integrations import selectors
from integrations.event_outcomes import headers_of, orders_of_event
from integrations.models import DataRequest, Event, EventState
from integrations.privacy import answer_data_request
from tracking.privacy.shoppers import KnownOrder, known_of_shopper

KNOWN_COLUMNS = (
    "order", "ordered_at", "customer", "currency", "total", "given_back", "payment", "codes",
    "click", "products",
)  # fmt: skip


@never_cache
@require_safe
@brand_page(Permission.READ)
def event_page(request: BrandRequest, event_id: int) -> HttpResponse:
    """One event: its state, what came of it, and for owners its contents without personal data."""
    event: Event = get_object_or_404(selectors.events(), pk=event_id)
    may_see = may(request.role, Permission.ADMINISTER)
    return render_page(
        request,
        "brand_admin/connections/event.html",
        section=SECTION,
        event=event,
        tone=TONES[EventState(event.state)],
        orders=orders_of_event(event),
        headers=headers_of(event) if may_see else [],
        body=selectors.body_of(event) if may_see else "",
        is_gone=may_see and not selectors.has_body(event),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def data_request_page(request: BrandRequest, data_request_id: int) -> HttpResponse:
    """What is known of a shopper who asked for it, and the button that notes the answer."""
    asked = get_object_or_404(selectors.data_requests(), pk=data_request_id)
    if request.method == "POST":
        answer_data_request(request=asked, by=request.actor, now=timezone.now())
        messages.success(request, "The request is marked as answered.")
        return redirect("brand_admin:data_request", request.brand.slug, asked.pk)
    return render_page(
        request,
        "brand_admin/connections/data_request.html",
        section=SECTION,
        asked=asked,
        is_late=asked.is_late(timezone.now()),
        known=_known(asked),
    )


@require_safe
@brand_page(Permission.MANAGE)
def data_request_file(request: BrandRequest, data_request_id: int) -> StreamingHttpResponse:
    """A file of all that is known of the shopper, to send to them."""
    asked = get_object_or_404(selectors.data_requests(), pk=data_request_id)
    rows = [list(KNOWN_COLUMNS), *map(_known_row, _known(asked))]
    return csv_response(request, f"{request.brand.slug}-shopper-{asked.pk}.csv", rows)


def _known(asked: DataRequest) -> list[KnownOrder]:
    return known_of_shopper(
        source=asked.connection.source,
        customer_ref=asked.customer_ref,
        order_ids=asked.order_ids,
    )


def _known_row(known: KnownOrder) -> list[str]:
    order = known.order
    return [
        order.external_id,
        csv_moment(order.ordered_at),
        order.customer_ref,
        order.currency,
        known.total.plain(),
        known.given_back.plain(),
        order.payment_status,
        "; ".join(order.promo_codes),
        order.click_id,
        "; ".join(
            f"{quantity(line.quantity)} x {line.product or line.sku}" for line in known.lines
        ),
    ]
