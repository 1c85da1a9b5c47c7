"""Unsubscribe from mails of one brand by the link in every mail (RFC 8058)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.selectors import suppressed_among
from notifications.services import unsubscribe as unsubscribe_address
from notifications.unsubscribe_links import BadUnsubscribeLinkError, read_token


@csrf_exempt  # a mail provider posts without a cookie; the token in the address is signed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, unsubscribe on POST. A token with a wrong signature gets 404."""
    try:
        subscription = read_token(token)
        brand = Brand.objects.get(pk=subscription.brand_id)
    except (BadUnsubscribeLinkError, Brand.DoesNotExist):
        return _private(render(request, "portal/unsubscribe_unknown.html", status=404))
    address = subscription.address
    with acting_for(brand):
        if request.method == "POST":
            unsubscribe_address(address=address, now=timezone.now())
        is_out = bool(suppressed_among([address]))
    context = {"brand": brand, "accent": brand.accent, "address": address, "is_out": is_out}
    return _private(render(request, "portal/unsubscribe.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
