"""Addresses of a brand's admin, for mails and messages to its staff."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Brand


def admin_address(brand: Brand, path: str = "") -> str:
    """Return the whole address of a page: Home, or what follows the brand, "settings/slack/"."""
    return f"{settings.BASE_URL}/admin/{brand.slug}/{path}"
