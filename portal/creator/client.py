"""With what browser somebody came, by its own words."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.devices import Device, device_of
from core.clients import agent_of


def device(request: HttpRequest) -> Device:
    """The same in words."""
    return device_of(agent_of(request))
