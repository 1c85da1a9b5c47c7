"""What several pages of the creator portal say in the same words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.devices import Device


def device_words(device: Device) -> str:
    """ "Chrome on Mac", as far as it is known."""
    if device.browser and device.system:
        return str(_("{browser} on {system}")).format(browser=device.browser, system=device.system)
    return device.browser or device.system or str(_("An unknown browser"))
