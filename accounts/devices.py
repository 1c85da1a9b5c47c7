"""The browser and device named in a User-Agent header. The header can say anything."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

# The first match counts: many browsers also name those further down.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("YaBrowser", "Yandex Browser"),
    ("Instagram", "Instagram"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone", True),
    ("iPad", "iPad", True),
    ("Android", "Android", True),
    ("CrOS", "Chromebook", False),
    ("Windows", "Windows", False),
    ("Macintosh", "Mac", False),
    ("Linux", "Linux", False),
)


@dataclass(frozen=True, slots=True)
class Device:
    """Product names, the same in every language; empty when unknown."""

    browser: str
    system: str
    is_handheld: bool


def device_of(agent: str) -> Device:
    """The browser and the system named in a User-Agent header."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    for mark, name, is_handheld in SYSTEMS:
        if mark in agent:
            return Device(browser, name, is_handheld)
    return Device(browser, "", is_handheld=False)


def device_label(device: Device) -> str:
    """ "Chrome on Mac", as far as it is known."""
    if device.browser and device.system:
        return str(_("{browser} on {system}")).format(browser=device.browser, system=device.system)
    return device.browser or device.system or str(_("An unknown browser"))
