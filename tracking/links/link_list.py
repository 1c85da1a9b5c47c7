"""Find tracking links for a list. Reads only."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from affiliates.selectors import name_contains
from core.text import search_words
from tracking.models import IN_USE, LinkSlug, TrackingLink

MAIN, DEEP = "main", "deep"


def links(
    *,
    search: str = "",
    offer_id: int | None = None,
    member_id: int | None = None,
    kind: str = "",
    in_use: bool | None = None,
) -> QuerySet[TrackingLink]:
    """Return links with member, offer and brand.

    Every word of `search` is in the label, the address it leads to, a slug that it has or had, or
    the member's name or address. `kind` is MAIN, DEEP, or "" for both.
    """
    found = TrackingLink.objects.select_related(
        "brand", "enrollment__member", "enrollment__offer"
    ).order_by("-created_at", "-pk")
    for word in search_words(search):
        named = LinkSlug.objects.filter(slug__contains=word.lower()).values("link")
        found = found.filter(
            Q(label__icontains=word)
            | Q(destination_url__icontains=word)
            | Q(pk__in=named)
            | name_contains(word, via="enrollment__member__")
        )
    if offer_id is not None:
        found = found.filter(enrollment__offer=offer_id)
    if member_id is not None:
        found = found.filter(enrollment__member=member_id)
    if kind:
        found = found.main() if kind == MAIN else found.deep()
    if in_use is not None:
        found = found.filter(IN_USE) if in_use else found.exclude(IN_USE)
    return found
