"""Helpers for the tests about staff: brands, addresses, downloads."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.urls import reverse

from accounts.brands import create_brand
from accounts.models import Brand, User
from tests.cast import NOW, SYSTEM


def new_brand(slug: str, *, owner: User) -> Brand:
    """A brand with nothing in it."""
    return create_brand(
        slug=slug,
        name="Fresh",
        currency="EUR",
        time_zone="Europe/Paris",
        owner_email=owner.email,
        by=SYSTEM,
        now=NOW,
    )


def address(view: str, *args: object, slug: str = "juniper", query: str = "") -> str:
    """The address of a page of the brand admin."""
    return reverse(f"brand_admin:{view}", args=[slug, *args]) + (f"?{query}" if query else "")


def csv_of(response: HttpResponseBase) -> list[str]:
    """The lines of a CSV download."""
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return text.splitlines()
