"""The sessions and passkeys of a creator: seen, named, and ended."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.devices import device_words
from accounts.passkeys import kept_here, passkeys_of
from accounts.sessions import end_session, end_sessions, open_sessions
from core.clients import network_of
from portal.creator.access import OwnRequest, own_page
from tracking.figures.creator_brands import zone_of


@require_safe
@own_page
def security(request: OwnRequest) -> HttpResponse:
    """Where one is logged in, and with what."""
    found = open_sessions(request.user, current=request.session, now=timezone.now())
    context = {
        "section": "security",
        "lines": [
            (
                session,
                device_words(session.device),
                reverse("portal:session_end", args=[session.handle]),
            )
            for session in found
        ],
        "end_others_url": reverse("portal:sessions_end"),
        "passkeys": passkeys_of(request.user),
        "kept_here": kept_here(request.user),
        "others": sum(not session.is_this for session in found),
    }
    with timezone.override(zone_of(request.creator)):
        return render(request, "portal/creator/security.html", context)


@require_POST
@own_page
def session_end(request: OwnRequest, handle: str) -> HttpResponse:
    """Log one session out; somebody else's and one that is over answer alike."""
    ended = end_session(
        user=request.user, handle=handle, network=network_of(request), now=timezone.now()
    )
    if not ended:
        raise Http404
    messages.success(request, _("That session is ended. It has to log in again."))
    return redirect("portal:security")


@require_POST
@own_page
def sessions_end(request: OwnRequest) -> HttpResponse:
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
        messages.success(request, _("You are logged out everywhere."))
        return redirect("portal:login")
    messages.success(
        request,
        ngettext("One session is ended.", "{ended} sessions are ended.", ended).format(ended=ended)
        if ended
        else _("There is no other session."),
    )
    return redirect("portal:security")
