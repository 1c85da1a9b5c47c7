"""The list of connections, and the page of one: its health, its check, its test order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.asking import asks_shop
from brand_admin.connections.forms import CodeForm, HistoryForm
from brand_admin.connections.guides import GUIDES
from brand_admin.connections.words import Checked, ConnectionRow, ago
from brand_admin.pages import render_page
from brand_admin.work_progress import started_about
from core.references import Reference
from integrations.connections import NotConnectedError
from integrations.filling import request_history
from integrations.models import Connection, Event
from integrations.selectors import (
    connection_health,
    connections,
    health_of,
    latest_orders,
    refused_deliveries,
)
from integrations.setting_up import check_everything
from integrations.test_order import TestOrder, follow_test_order, send_test_order, sent_test_orders

SECTION = "connections"
LATEST, SHOWN_REFUSALS = 5, 5
ENDED = "This shop is not connected any more: connect it again first."


@require_safe
@brand_page(Permission.READ)
def connection_list(request: BrandRequest) -> HttpResponse:
    """List the connections with their health; without any, let staff choose a shop."""
    now = timezone.now()
    rows = [ConnectionRow(one, now) for one in connection_health(now=now)]
    return render_page(
        request,
        "brand_admin/connections/list.html",
        section=SECTION,
        rows=rows,
        guides=GUIDES.values(),
    )


@require_safe
@never_cache
@brand_page(Permission.READ)
def connection_page(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Show how a connection is. It asks for itself again while something is awaited."""
    return _page(request, get_object_or_404(connections(), pk=connection_id))


@require_POST
@brand_page(Permission.MANAGE)
@asks_shop
def connection_check(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Ask the shop whether all is right, and mend what can be mended."""
    connection = get_object_or_404(connections(), pk=connection_id)
    try:
        findings = check_everything(connection=connection, by=request.actor, now=timezone.now())
    except NotConnectedError:
        return ended(request, connection)
    connection.refresh_from_db()
    return _page(request, connection, checked=Checked.of(findings))


@require_POST
@brand_page(Permission.MANAGE)
def connection_test(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Send a test order, and show how far it gets."""
    connection = get_object_or_404(connections(), pk=connection_id)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, connection, code_form=form, status=422)
    code = form.cleaned_data["code"]
    sent = send_test_order(connection=connection, code=code, by=request.actor, now=timezone.now())
    if sent.event_id is None:
        return _page(request, connection, test=sent)
    page = "brand_admin:connection_test_order"
    return redirect(page, request.brand.slug, connection.pk, sent.event_id)


@require_safe
@never_cache
@brand_page(Permission.READ)
def connection_test_order(request: BrandRequest, connection_id: int, event_id: int) -> HttpResponse:
    """Show how far a test order has got by now."""
    connection = get_object_or_404(connections(), pk=connection_id)
    event = get_object_or_404(sent_test_orders(connection), pk=event_id)
    test = follow_test_order(event=event, now=timezone.now())
    return _page(request, connection, test=test, test_event=event)


@require_POST
@brand_page(Permission.MANAGE)
def connection_history(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Have a worker fetch earlier orders."""
    connection = get_object_or_404(connections(), pk=connection_id)
    if not connection.is_live:
        return ended(request, connection)
    form, now = HistoryForm(request.POST), timezone.now()
    if not form.is_valid():
        return _page(request, connection, history_form=form, status=422)
    request_history(
        connection=connection,
        since=now - timedelta(days=int(form.cleaned_data["days"])),
        confirmation=form.cleaned_data["confirmation"],
        by=request.actor,
        now=now,
    )
    return redirect("brand_admin:connection", request.brand.slug, connection.pk)


def ended(request: BrandRequest, connection: Connection) -> HttpResponse:
    """Say that it has ended meanwhile, and show its page."""
    messages.warning(request, ENDED)
    return redirect("brand_admin:connection", request.brand.slug, connection.pk)


def _page(
    request: BrandRequest,
    connection: Connection,
    *,
    test: TestOrder | None = None,
    test_event: Event | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    now = timezone.now()
    row = ConnectionRow(health_of(connection, now=now), now)
    latest = latest_orders(connection, limit=LATEST)
    return render_page(
        request,
        "brand_admin/connections/connection.html",
        section=SECTION,
        status=status,
        **{
            "row": row,
            "connection": connection,
            "guide": GUIDES.get(connection.kind),
            "started": started_about(Reference.to(connection)),
            "latest": [(one, ago(one.received_at, now)) for one in latest],
            "refusals": refused_deliveries(now=now, connection=connection)[:SHOWN_REFUSALS],
            "is_tested": test is not None or sent_test_orders(connection).exists(),
            "test": test,
            "test_event": test_event,
            "code_form": CodeForm(),
            "history_form": HistoryForm(),
        }
        | context,
    )
