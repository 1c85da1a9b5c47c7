"""With what browser somebody came, by its own words."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.devices import Device, device_of


def agent_of(request: HttpRequest) -> str:
    """What the browser says of itself."""
    return request.headers.get("User-Agent", "")


def device(request: HttpRequest) -> Device:
    """The same in words."""
    return device_of(agent_of(request))
