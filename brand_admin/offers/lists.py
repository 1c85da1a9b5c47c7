"""The list of offers."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.permissions import Permission
from brand_admin.listing.cells import Badge, Lines, Link, Muted, sales
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.offers.forms import OfferFilters
from brand_admin.offers.rows import OfferRow, offer_rows
from core.templatetags.display import day
from offers.models import Offer, OfferKind, OfferStatus
from offers.selectors import offers


def _offers(*, search: str, status: str, kind: str) -> QuerySet[Offer]:
    """Return the matching offers; archived ones only if the status is theirs, or "all"."""
    found = offers(search=search, status="" if status == "all" else status, kind=kind)
    return found if status else found.exclude(status=OfferStatus.ARCHIVED)


class Offers(Listing[OfferRow]):
    """All offers except archived ones, with their figures of all time, newest first."""

    name, section = "offers", "offers"
    heading, subtitle = "Offers", "What members promote, and what they earn with it."
    label, noun = "Offers", "offers"
    page_name, file_page = "offers", "offers_export"
    search_label = "Search offers"
    filter_form = OfferFilters
    default_sort = "-created"
    shows_times = False
    columns = (
        Column(
            "Offer",
            lambda row: Link(row.offer.name, "offer", row.offer.pk),
            sort="name",
            by=("name", "pk"),
            look="wraps",
            names_row=True,
        ),
        Column(
            "Status",
            lambda row: Badge(row.offer.get_status_display(), row.tone),
            sort="status",
            by=("status", "name", "pk"),
        ),
        Column(
            "Terms now",
            lambda row: Lines(row.words, Muted(row.offer.get_kind_display())),
            look="wraps wide",
        ),
        Column("Members", lambda row: row.figures.members, look="number off-phone"),
        Column("Conversions", lambda row: row.figures.totals.conversions, look="number"),
        Column("Sales", lambda row: sales(row.figures), look="number"),
        Column("Commission", lambda row: row.figures.commission, look="number strong"),
        Column(
            "Added",
            lambda row: day(row.offer.created_at),
            sort="created",
            by=("created_at", "pk"),
            look="number",
        ),
    )
    file_columns = {
        "name": lambda row: row.offer.name,
        "status": lambda row: OfferStatus(row.offer.status).label,
        "kind": lambda row: OfferKind(row.offer.kind).label,
        "currency": lambda row: row.offer.currency,
        "terms": lambda row: row.words,
        "hold_days": lambda row: row.terms.hold_days,
        "destination": lambda row: row.offer.destination_url,
        "members": lambda row: row.figures.members,
        "clicks": lambda row: row.figures.totals.clicks if row.offer.gives_links else None,
        "conversions": lambda row: row.figures.totals.conversions,
        "sales": lambda row: row.figures.sales,
        "refunds": lambda row: row.figures.refunds,
        "net_sales": lambda row: row.figures.net_sales,
        "commission": lambda row: row.figures.commission,
        "created": lambda row: row.offer.created_at.isoformat(),
    }
    header_links = (
        PageLink("Add offer", "offer_new", icon="plus", kind="primary", needs=Permission.MANAGE),
    )
    nothing_yet = EmptyState(
        "No offers yet",
        "An offer says what members share, where it leads and what they earn. Make one, then add"
        " members to it.",
        icon="offers",
        links=header_links,
    )
    nothing_matches = EmptyState(
        "No offer matches",
        "Search for something else, or look among all offers.",
        icon="search",
        links=(PageLink("Show all, archived too", "offers", query="?status=all"),),
    )

    def selection(self) -> Selection:
        status, kind = self.filters.chosen()
        return Selection(_offers, {"search": self.search_word, "status": status, "kind": kind})

    def rows_of(self, found: Sequence[Offer]) -> list[OfferRow]:
        return offer_rows(found, now=self.now)

    def empty(self) -> EmptyState:
        has_offers = bool(self.clear_href) or Offer.objects.exists()
        return self.nothing_matches if has_offers else self.nothing_yet
