"""What a browser says of itself, in words that its owner knows it by. It may say anything."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

# The first that is found counts: many browsers also claim to be the ones further down.
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
    """Both are names, the same in every language; empty when they are not known."""

    browser: str
    system: str
    is_handheld: bool


def device_of(agent: str) -> Device:
    """The browser and the machine behind a User-Agent header."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    for mark, name, is_handheld in SYSTEMS:
        if mark in agent:
            return Device(browser, name, is_handheld)
    return Device(browser, "", is_handheld=False)


def device_words(device: Device) -> str:
    """ "Chrome on Mac", as far as it is known."""
    if device.browser and device.system:
        return str(_("{browser} on {system}")).format(browser=device.browser, system=device.system)
    return device.browser or device.system or str(_("An unknown browser"))
