"""Add an endpoint and change it: its address, its events, its secret, whether it is on."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from brand_admin.webhooks.forms import TO_THE_SECOND, EndpointForm, SinceForm
from brand_admin.webhooks.lists import SECTION, left_out
from brand_admin.webhooks.views import show_endpoint
from webhooks import endpoints as services
from webhooks.addresses import AddressError
from webhooks.endpoints import EndpointError
from webhooks.models import Endpoint
from webhooks.redelivering import send_again_since
from webhooks.selectors import endpoints

forms_and_pages = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_add(request: BrandRequest) -> HttpResponse:
    """Add an endpoint. Only the response to the form shows its secret."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = services.add_endpoint(**form.values(), by=request.actor, now=timezone.now())
        except (AddressError, EndpointError) as error:
            add_refusal(form, error)
        else:
            return show_endpoint(request, made.endpoint, secret=made.secret)
    return _form_page(request, form, endpoint=None)


@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_change(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Change where an endpoint is, its name, and what it receives."""
    endpoint = _endpoint(endpoint_id)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=endpoint)
    if form.is_bound and form.is_valid():
        try:
            services.change_endpoint(
                endpoint=endpoint, **form.values(), by=request.actor, now=timezone.now()
            )
        except (AddressError, EndpointError) as error:
            add_refusal(form, error)
        else:
            messages.success(request, "The endpoint is changed.")
            return _back(request, endpoint)
    return _form_page(request, form, endpoint=endpoint)


@never_cache
@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_secret(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Ask for confirmation, then make a new secret. Only the response shows it."""
    endpoint = _endpoint(endpoint_id)
    if request.method == "POST":
        try:
            made = services.rotate_secret(endpoint=endpoint, by=request.actor, now=timezone.now())
        except EndpointError as error:
            messages.warning(request, str(error))
            return _back(request, endpoint)
        return show_endpoint(request, made.endpoint, secret=made.secret)
    return _asked(request, "secret", endpoint)


@require_POST
@brand_page(Permission.ADMINISTER)
def endpoint_test(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Send a test event, and show what comes of it."""
    endpoint = _endpoint(endpoint_id)
    try:
        sent = services.send_test(endpoint=endpoint, by=request.actor, now=timezone.now())
    except EndpointError as error:
        messages.warning(request, str(error))
        return _back(request, endpoint)
    messages.success(request, "The test is being sent. Reload the page to see what came of it.")
    return redirect("brand_admin:webhook_delivery", request.brand.slug, sent.pk)


@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_off(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Ask for confirmation, then turn the endpoint off."""
    endpoint = _endpoint(endpoint_id)
    if request.method != "POST":
        return _asked(request, "off", endpoint)
    services.switch_off(endpoint=endpoint, by=request.actor, now=timezone.now())
    messages.success(request, "The endpoint is off: nothing is sent to it.")
    return _back(request, endpoint)


@require_POST
@brand_page(Permission.ADMINISTER)
def endpoint_on(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Turn the endpoint on, also after it was disabled."""
    endpoint = _endpoint(endpoint_id)
    services.switch_on(endpoint=endpoint, by=request.actor, now=timezone.now())
    messages.success(request, "The endpoint is on. What it missed can be sent again.")
    return _back(request, endpoint)


@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_delete(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Ask for confirmation, then delete the endpoint with its deliveries."""
    endpoint = _endpoint(endpoint_id)
    if request.method != "POST":
        return _asked(request, "delete", endpoint)
    services.delete_endpoint(endpoint=endpoint, by=request.actor, now=timezone.now())
    messages.success(request, f"{endpoint} is deleted.")
    return redirect("brand_admin:webhooks", request.brand.slug)


@forms_and_pages
@brand_page(Permission.ADMINISTER)
def endpoint_again(request: BrandRequest, endpoint_id: int) -> HttpResponse:
    """Send again all that happened since a time. If some are left, return to the form for them."""
    endpoint, now = _endpoint(endpoint_id), timezone.now()
    form = SinceForm(
        request.POST if request.method == "POST" else None,
        initial={"since": _usual_since(endpoint)} | _going_on(request),
    )
    if form.is_bound and form.is_valid():
        try:
            done = send_again_since(
                endpoint=endpoint,
                since=form.cleaned_data["since"],
                only_missed=form.cleaned_data["which"] == "missed",
                by=request.actor,
                now=now,
            )
        except EndpointError as error:
            add_refusal(form, error)
        else:
            _tell(request, done.deliveries, [f"{one.who} {one.why}" for one in left_out(done)])
            if done.go_on_since is not None:
                which = form.cleaned_data["which"]
                return _go_on(request, endpoint, done.left, since=done.go_on_since, which=which)
            return _back(request, endpoint)
    return render_page(
        request,
        "brand_admin/webhooks/again.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        endpoint=endpoint,
    )


def _usual_since(endpoint: Endpoint) -> object:
    """From when on it may have missed something; in the brand's time zone."""
    since = endpoint.last_success_at or timezone.now() - timedelta(days=1)
    return timezone.localtime(since).replace(second=0, microsecond=0)


def _going_on(request: BrandRequest) -> dict[str, str]:
    """What the address that _go_on makes says."""
    return {name: request.GET[name] for name in ("since", "which") if name in request.GET}


def _go_on(
    request: BrandRequest, endpoint: Endpoint, left: int, *, since: datetime, which: str
) -> HttpResponse:
    """Open the form again, with the time from which deliveries are left."""
    are = "delivery is" if left == 1 else "deliveries are"
    messages.warning(request, f"{left:,} more {are} left. Press Send again to go on with them.")
    shown = timezone.localtime(since).strftime(TO_THE_SECOND)
    address = reverse("brand_admin:webhook_again", args=[request.brand.slug, endpoint.pk])
    return redirect(f"{address}?{urlencode({'since': shown, 'which': which})}")


def _tell(request: BrandRequest, number: int, skipped: list[str]) -> None:
    if number:
        what = "delivery" if number == 1 else "deliveries"
        messages.success(request, f"{number:,} {what} will be sent again.")
    else:
        messages.warning(request, "Nothing is sent again: no such delivery was found.")
    if skipped:
        messages.warning(request, f"Left out: {'; '.join(skipped)}.")


def _endpoint(endpoint_id: int) -> Endpoint:
    found: Endpoint = get_object_or_404(endpoints(), pk=endpoint_id)
    return found


def _form_page(
    request: BrandRequest, form: EndpointForm, *, endpoint: Endpoint | None
) -> HttpResponse:
    return render_page(
        request,
        "brand_admin/webhooks/form.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        endpoint=endpoint,
    )


def _asked(request: BrandRequest, act: str, endpoint: Endpoint) -> HttpResponse:
    return render_page(
        request,
        "brand_admin/webhooks/ask.html",
        section=SECTION,
        act=act,
        endpoint=endpoint,
    )


def _back(request: BrandRequest, endpoint: Endpoint) -> HttpResponse:
    return redirect("brand_admin:webhook", request.brand.slug, endpoint.pk)
