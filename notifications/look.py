"""What a brand's mails look like: its colour, and its logo where it has one."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Brand
from notifications.rendering import Look


def look_of(brand: Brand) -> Look:
    """The look of the brand's mails; the logo by its full address, as mail readers need it."""
    logo = f"{settings.BASE_URL}/pictures/{brand.slug}/{brand.logo}" if brand.logo else ""
    return Look(accent=brand.accent, logo=logo)
