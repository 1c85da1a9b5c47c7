"""The browser of a request, from its User-Agent header."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.devices import Device, device_of
from core.clients import agent_of


def device(request: HttpRequest) -> Device:
    """Return the device that the request claims to come from."""
    return device_of(agent_of(request))
