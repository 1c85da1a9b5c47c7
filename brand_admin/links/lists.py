"""The brand's tracking links, with who has them and where they lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.db.models import QuerySet

from brand_admin.links.forms import LinkFilters
from brand_admin.listing.cells import Badge, Cell, Copied, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from tracking.links.items import link_url, without_scheme
from tracking.links.link_list import links
from tracking.models import TrackingLink

SECTION = "sales_tracking"


def url_of(row: TrackingLink) -> str:
    return link_url(row.slug, row.brand.link_host)


def link_status(row: TrackingLink) -> Cell:
    return Badge("Active", "good") if row.is_in_use else Badge("Inactive", "neutral")


def _leads_to(row: TrackingLink) -> object:
    url = row.destination_url or row.enrollment.offer.destination_url
    return Lines(without_scheme(url), Muted("The offer's page") if not row.destination_url else "")


class Links(Listing[TrackingLink]):
    """All tracking links, those made last first."""

    name, section = "links", SECTION
    heading = "Links"
    subtitle = "The tracking links of your members, and the pages that they made links to."
    label, noun = "Links", "links"
    page_name, file_page = "links", "links_csv"
    export_in_header = True
    search_label = "Member, label or address"
    filter_form = LinkFilters
    only_member = "links of"
    default_sort = "-made"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "Link",
            lambda row: Lines(
                Link(row.label or f"/{row.slug}", "link", row.pk),
                Copied("link", url_of(row), f"/{row.slug}" if row.label else "Copy"),
            ),
            look="wraps one-line",
            names_row=True,
        ),
        Column(
            "Member and offer",
            lambda row: Lines(
                Link(row.enrollment.member, "member", row.enrollment.member_id),
                Muted(Link(row.enrollment.offer.name, "offer_report", row.enrollment.offer_id)),
            ),
            look="wraps bare",
        ),
        Column("Leads to", _leads_to, look="wide wraps bare"),
        Column("Status", link_status, look="beside"),
        Column(
            "Made",
            lambda row: row.created_at,
            sort="made",
            by=("created_at", "pk"),
            look="off-phone",
        ),
    )
    file_columns = {
        "link": url_of,
        "label": lambda row: row.label,
        "member": lambda row: row.enrollment.member.full_name,
        "email": lambda row: row.enrollment.member.email,
        "offer": lambda row: row.enrollment.offer.name,
        "leads_to": lambda row: row.destination_url or row.enrollment.offer.destination_url,
        "kind": lambda row: "deep link" if row.destination_url else "offer's page",
        "status": lambda row: row.status,
        "made": lambda row: row.created_at,
    }
    nothing_yet = EmptyState(
        "No links yet",
        "Links are made for the members of an offer, in a project or on the offer's page.",
        icon="link",
        links=(PageLink("Projects", "projects"),),
    )

    def find(self) -> QuerySet[TrackingLink]:
        return links(search=self.search, **self.filters.chosen())

    def everything(self) -> QuerySet[TrackingLink]:
        return links()

    def row_label(self, row: TrackingLink) -> str:
        return f"{row.slug} of {row.enrollment.member}"
