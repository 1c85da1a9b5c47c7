"""Show a creator's sessions and passkeys, and end sessions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.passkeys import manages_passkeys_in_portal, passkeys_of
from accounts.session_pages import end_own_session, end_own_sessions, own_sessions
from core.components.page_urls import page_url
from portal.creator.access import CreatorRequest, creator_required
from tracking.figures.creator_brands import zone_of


@require_safe
@creator_required
def security(request: CreatorRequest) -> HttpResponse:
    """Show the sessions and passkeys."""
    context = {
        "section": "security",
        "passkeys": passkeys_of(request.user),
        "manages_passkeys_in_portal": manages_passkeys_in_portal(request.user),
        **own_sessions(
            request,
            end_url=lambda handle: page_url("portal:session_end", [handle]),
            end_others_url=page_url("portal:sessions_end"),
        ),
    }
    with timezone.override(zone_of(request.creator)):
        return render(request, "portal/creator/security.html", context)


@require_POST
@creator_required
def session_end(request: CreatorRequest, handle: str) -> HttpResponse:
    """Log one session out."""
    return end_own_session(request, handle, page="portal:security")


@require_POST
@creator_required
def sessions_end(request: CreatorRequest) -> HttpResponse:
    """Log every other session out, or this one too."""
    return end_own_sessions(request, page="portal:security", login="portal:login")
