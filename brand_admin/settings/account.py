"""Settings → My account: the sessions, second factor, password and address of who looks at it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.devices import device_words
from accounts.permissions import Permission
from accounts.second_factor import factors_of
from accounts.security_log import network_of
from accounts.sessions import end_session, end_sessions, open_sessions
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page

SECTION = "settings"


@require_safe
@never_cache
@brand_page(Permission.OWN_ACCOUNT)
def own_account(request: BrandRequest) -> HttpResponse:
    """Where one is logged in, and with what."""
    found = open_sessions(request.user, current=request.session, now=timezone.now())
    slug = request.brand.slug
    return render_page(
        request,
        "brand_admin/settings/account.html",
        section=SECTION,
        lines=[
            (
                session,
                device_words(session.device),
                reverse("brand_admin:own_session_end", args=[slug, session.handle]),
            )
            for session in found
        ],
        others=sum(not session.is_this for session in found),
        end_others_url=reverse("brand_admin:own_sessions_end", args=[slug]),
        factors=factors_of(request.user),
        has_password=request.user.has_usable_password(),
    )


@require_POST
@brand_page(Permission.OWN_ACCOUNT)
def own_session_end(request: BrandRequest, handle: str) -> HttpResponse:
    """Log one of one's own sessions out; somebody else's and one that is over answer alike."""
    ended = end_session(
        user=request.user, handle=handle, network=network_of(request), now=timezone.now()
    )
    if not ended:
        raise Http404
    messages.success(request, "That session is ended. It has to log in again.")
    return redirect("brand_admin:own_account", request.brand.slug)


@require_POST
@brand_page(Permission.OWN_ACCOUNT)
def own_sessions_end(request: BrandRequest) -> HttpResponse:
    """Log every other session out, or with `everywhere` this one too."""
    is_everywhere = "everywhere" in request.POST
    ended = end_sessions(
        user=request.user,
        network=network_of(request),
        now=timezone.now(),
        but=None if is_everywhere else request.session.session_key,
    )
    if is_everywhere:
        request.session.flush()
        messages.success(request, "You are logged out everywhere.")
        return redirect("account_login")
    if ended:
        words = "One session is ended." if ended == 1 else f"{ended} sessions are ended."
        messages.success(request, words)
    else:
        messages.info(request, "There is no other session.")
    return redirect("brand_admin:own_account", request.brand.slug)
