"""Who is at the other end of a request, as far as it can be known."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """The client's network address, behind the proxies that are our own; empty when unknown."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        return ""
