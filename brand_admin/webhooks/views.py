"""The list of endpoints, the page of one, and the page of one delivery."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.webhooks.lists import SECTION, TONES
from brand_admin.webhooks.words import EndpointRow
from webhooks import selectors
from webhooks.events import title_of
from webhooks.models import Delivery, DeliveryState, Endpoint

LATEST = 5  # deliveries on an endpoint's page


@require_safe
@brand_page(Permission.READ)
def endpoint_list(request: BrandRequest) -> HttpResponse:
    """List the endpoints with how each does."""
    health = selectors.endpoints_and_health(now=timezone.now())
    return render_page(
        request,
        "brand_admin/webhooks/list.html",
        section=SECTION,
        rows=[EndpointRow(one) for one in health],
    )


@require_safe
@never_cache
@brand_page(Permission.READ)
def endpoint_page(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Show how an endpoint does, and its latest deliveries."""
    return show_endpoint(request, get_object_or_404(selectors.endpoints(), pk=endpoint_id))


def show_endpoint(request: BrandRequest, endpoint: Endpoint, **context: Any) -> HttpResponse:
    """Render the page of an endpoint; `secret` is one that was made just now."""
    latest = selectors.latest_deliveries(endpoint, limit=LATEST)
    return render_page(
        request,
        "brand_admin/webhooks/endpoint.html",
        section=SECTION,
        row=EndpointRow(selectors.health_of(endpoint, now=timezone.now())),
        endpoint=endpoint,
        latest=[(one, title_of(one.event), TONES[DeliveryState(one.state)]) for one in latest],
        **context,
    )


@never_cache
@require_safe
@brand_page(Permission.READ)
def delivery_page(request: BrandRequest, delivery_id: int) -> HttpResponse:
    """One delivery: what is sent, every attempt, and what was answered."""
    delivery: Delivery = get_object_or_404(selectors.deliveries(), pk=delivery_id)
    return render_page(
        request,
        "brand_admin/webhooks/delivery.html",
        section=SECTION,
        delivery=delivery,
        title=title_of(delivery.event),
        tone=TONES[DeliveryState(delivery.state)],
        body=_readable(selectors.body_of_delivery(delivery)),
        attempts=selectors.attempts_of(delivery),
    )


def _readable(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else ""
