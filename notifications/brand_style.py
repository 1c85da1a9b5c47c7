"""A brand's colour and logo, for the layout of its mails."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Brand
from notifications.rendering import BrandStyle


def brand_style_of(brand: Brand) -> BrandStyle:
    """The style of the brand's mails; the logo by its full address, which mail clients need."""
    logo = f"{settings.BASE_URL}/pictures/{brand.slug}/{brand.logo}" if brand.logo else ""
    return BrandStyle(accent=brand.accent, logo=logo, postal_address=brand.postal_address)
