"""Shared by the pages that list somebody's own sessions: show them, end one, end the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.devices import device_label
from accounts.models import User
from accounts.sessions import end_session, end_sessions, open_sessions
from core.clients import network_of


def own_sessions(
    request: HttpRequest, *, end_url: Callable[[str], str], end_others_url: str
) -> dict[str, Any]:
    """What templates/sessions/list.html shows; `end_url` gives the address that ends a session."""
    user = cast("User", request.user)
    found = open_sessions(user, current=request.session, now=timezone.now())
    return {
        "lines": [(one, device_label(one.device), end_url(one.handle)) for one in found],
        "others": sum(not one.is_this for one in found),
        "end_others_url": end_others_url,
    }


def end_own_session(request: HttpRequest, handle: str, *, page: str) -> HttpResponse:
    """End a session, and redirect to `page`. 404 for somebody else's and for an ended one."""
    user = cast("User", request.user)
    if not end_session(user=user, handle=handle, network=network_of(request), now=timezone.now()):
        raise Http404
    messages.success(request, _("That session is ended. It has to log in again."))
    return redirect(page)


def end_own_sessions(request: HttpRequest, *, page: str, login: str) -> HttpResponse:
    """End every other session; with `everywhere` in the form end this one too and go to `login`."""
    is_everywhere = "everywhere" in request.POST
    ended = end_sessions(
        user=cast("User", request.user),
        network=network_of(request),
        now=timezone.now(),
        except_key=None if is_everywhere else request.session.session_key,
    )
    if is_everywhere:
        request.session.flush()
        messages.success(request, _("You are logged out everywhere."))
        return redirect(login)
    if ended:
        words = ngettext("One session is ended.", "{ended} sessions are ended.", ended)
        messages.success(request, words.format(ended=ended))
    else:
        messages.info(request, _("There is no other session."))
    return redirect(page)
