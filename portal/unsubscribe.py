"""Unsubscribe by the link in every mail (RFC 8058), from a brand or from a kind of its mails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Brand
from affiliates.models import Member
from core.tenancy import acting_for
from notices.choosing import decline
from notices.models import NoticeKind
from notices.selectors import choices_of
from notifications.selectors import suppressed_among
from notifications.services import unsubscribe as unsubscribe_address
from notifications.unsubscribe_links import BadUnsubscribeLinkError, Subscription, read_token
from portal.kind_choices import save_choices


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
    context = {"brand": brand, "accent": brand.accent, "address": address}
    with acting_for(brand):
        if request.method == "POST":
            _obey(request, subscription)
        is_out = bool(suppressed_among([address]))
        member = Member.objects.filter(email=address).first() if subscription.kind else None
        if member is None or is_out:
            page = render(request, "portal/unsubscribe.html", {**context, "is_out": is_out})
            return _private(page)
        choices = choices_of(member)
    kind = NoticeKind(subscription.kind)
    more = {
        "choices": choices,
        "kind": kind,
        "is_wanted": any(one.is_wanted for one in choices if one.kind == kind),
        "is_saved": request.method == "POST",
    }
    return _private(render(request, "portal/unsubscribe_kind.html", {**context, **more}))


def _obey(request: HttpRequest, subscription: Subscription) -> None:
    """Save the choices that were posted; a post without any declines what the link is for."""
    now, address = timezone.now(), subscription.address
    member = Member.objects.filter(email=address).first()
    if not subscription.kind or member is None or request.POST.get("go") == "everything":
        unsubscribe_address(address=address, now=now)
    elif request.POST.get("go") == "choose":
        save_choices(member, request.POST, now=now)
    else:
        decline(address=address, kind=NoticeKind(subscription.kind), now=now)


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
