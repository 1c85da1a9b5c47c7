"""The language that a member chooses on their dashboard."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from affiliates.services import set_language
from core.languages import chosen_tag
from portal.dashboard.access import Visit, dashboard_page
from portal.language import back_in


@dashboard_page(writes=True)
def choose(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Store the language for this browser and for mails. A GET only redirects back."""
    tag = chosen_tag(request)
    creator = visit.member.creator
    if tag and creator is not None:
        set_language(creator=creator, tag=tag)
    return back_in(request, tag, start=reverse("portal:dashboard", args=[visit.token]))
