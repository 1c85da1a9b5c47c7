"""The last requests to the API, for the developers of a shop."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import KEPT_REQUESTS, ApiRequest
from accounts.selectors import api_requests
from brand_admin.connections.events_lists import HEADING, SECTION
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing


class ApiRequestFilters(forms.Form):
    outcome = forms.ChoiceField(
        required=False,
        label="Answer",
        choices=[("", "All"), ("taken", "Taken"), ("refused", "Refused")],
    )

    def chosen(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("outcome") or ""


def status_of(row: ApiRequest) -> Cell:
    return Badge(str(row.status), "bad" if row.is_refused else "good")


class ApiRequests(Listing[ApiRequest]):
    """The requests with the brand's keys, the last ones first."""

    name, section = "api_requests", SECTION
    heading = HEADING
    subtitle = (
        f"The last {KEPT_REQUESTS} requests to the API with your keys, and what was answered. A new"
        " one is listed within seconds."
    )
    label, noun = "Requests to the API", "requests"
    page_name, file_page = "api_requests", "api_requests_csv"
    template = "brand_admin/connections/events.html"
    search_label = "Path, problem or key"
    filter_form = ApiRequestFilters
    default_sort = "-received"
    header_links = (PageLink("Keys and examples", "developers", icon="key"),)
    columns = (
        Column(
            "Request",
            lambda row: Lines(
                Link(f"{row.method} {row.path}", "api_request", row.pk), Muted(row.key.label)
            ),
            look="wraps",
            names_row=True,
        ),
        Column("Received", lambda row: row.received_at, sort="received", by=("received_at", "pk")),
        Column("Answer", status_of, sort="status", by=("status", "pk")),
        Column(
            "Problem",
            lambda row: Lines(row.detail, Muted(row.code)) if row.code else "",
            look="wide wraps",
        ),
        Column(
            "Milliseconds",
            lambda row: row.milliseconds,
            sort="took",
            by=("milliseconds", "pk"),
            look="number",
        ),
    )
    file_columns = {
        "received": lambda row: row.received_at,
        "key": lambda row: row.key.label,
        "method": lambda row: row.method,
        "path": lambda row: row.path,
        "status": lambda row: row.status,
        "milliseconds": lambda row: row.milliseconds,
        "code": lambda row: row.code,
        "detail": lambda row: row.detail,
    }
    nothing_yet = EmptyState(
        "No request yet",
        "Each request with one of your keys is listed here with its answer, also one that was"
        " refused because its key was revoked. A request without a key that we know can't be"
        " listed.",
        icon="key",
        links=(PageLink("Keys and examples", "developers"),),
    )

    def find(self) -> QuerySet[ApiRequest]:
        return api_requests(search=self.search, outcome=self.filters.chosen())

    def file_title(self) -> str:
        return self.label

    def context(self) -> dict[str, Any]:
        return {"tab": "developers"}
