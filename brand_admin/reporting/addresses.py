"""The address of Email Members, for some members of an offer or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from offers.models import Offer


def compose_address(slug: str, offer: Offer, ids: Sequence[int] = (), rows: str = "") -> str:
    """Return the address of Email Members: for all members of the offer, for the named ones, or
    for those of the list that `rows` names.
    """
    query: list[tuple[str, object]] = [("purpose", "email_members"), ("offer", offer.pk)]
    query += [("selected", pk) for pk in ids] if not rows else [("rows", rows)]
    return f"{reverse('brand_admin:compose', args=[slug])}?{urlencode(query)}"


def to_drawer(listing: Any, ids: list[int]) -> str:
    """Return the address for the rows that are selected in an offer's list of members."""
    if listing.all_chosen:
        return compose_address(listing.brand.slug, listing.offer, rows=listing.reference)
    return compose_address(listing.brand.slug, listing.offer, ids)


def into_drawer(listing: Any) -> dict[str, str]:
    """Return what opens the drawer for the selected rows."""
    rows = listing.reference if listing.all_chosen else ""
    return {
        "data-hx-get": compose_address(listing.brand.slug, listing.offer, rows=rows),
        "data-hx-target": "#drawer",
        "data-hx-include": "closest form",
    }
