"""The list of background work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.permissions import Permission
from background.models import Work, WorkState
from background.selectors import all_work
from background.sweeping import FILES_KEPT
from brand_admin.listing.cells import Badge, Fragment, Link
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from brand_admin.work_kinds import KINDS
from brand_admin.work_progress import WorkProgress

ABOUT = {  # groups of work; the kinds of a group share an icon
    "imports": ("Imports", "upload"),
    "exports": ("Exports", "download"),
    "items": ("Codes and links", "tag"),
    "links": ("Tests of links", "link"),
    "runs": ("Payout runs", "payments"),
    "changes": ("Changes to many rows", "check"),
}


def _how_far(row: WorkProgress) -> object:
    return Fragment("brand_admin/background/bar.html", row=row) if row.work.is_live else row.how_far


class WorkFilters(forms.Form):
    """Which work to list. Without a filter, all of it."""

    about = forms.ChoiceField(
        required=False,
        label="What",
        choices=[("", "Everything"), *((key, label) for key, (label, _) in ABOUT.items())],
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *WorkState.choices])

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `background.selectors.all_work`; ignore invalid values."""
        self.is_valid()
        icon = ABOUT.get(self.cleaned_data.get("about", ""), ("", ""))[1]
        return {
            "kinds": [name for name, kind in KINDS.items() if kind.icon == icon],
            "state": self.cleaned_data.get("state") or "",
        }


class WorkList(Listing[WorkProgress]):
    """Waiting, running and finished work, the newest first."""

    name, section = "work", "work"
    heading = "Background work"
    subtitle = (
        "Imports, exports, codes for many members and large payout runs. They go on when you leave."
    )
    label, noun = "Background work", "pieces of work"
    page_name, file_page = "work_list", "work_csv"
    template = "brand_admin/background/list.html"
    search_label = "Search what or who"
    filter_form = WorkFilters
    default_sort = "-when"
    shows_times = False
    columns = (
        Column(
            "What",
            lambda row: Link(row.work.title, "work", row.work.pk),
            look="wraps",
            names_row=True,
        ),
        Column("State", lambda row: Badge(row.label, row.tone)),
        Column("How far", _how_far, look="wide"),
        Column("Asked for by", lambda row: row.asked_by),
        Column("When", lambda row: row.work.asked_at, sort="when", by=("asked_at", "pk")),
    )
    file_columns = {
        "what": lambda row: row.work.title,
        "state": lambda row: row.work.state,
        "done": lambda row: row.work.done,
        "total": lambda row: row.work.total,
        "left_out": lambda row: row.work.problems,
        "asked_for_by": lambda row: row.work.asked_by,
        "asked": lambda row: row.work.asked_at,
        "finished": lambda row: row.work.finished_at,
        "error": lambda row: row.work.error,
    }
    nothing_yet = EmptyState(
        "Nothing has run yet",
        "Long tasks appear here while they run and afterwards: imports, large exports, codes for"
        " many members, changes to many rows, large payout runs.",
        icon="clock",
        links=(
            PageLink("Import members", "members_import", icon="upload", needs=Permission.MANAGE),
        ),
    )
    nothing_matches = EmptyState(
        "No work matches", "Change the search or the filters.", icon="search"
    )

    def find(self) -> QuerySet[Work]:
        return all_work(search=self.search, **self.filters.chosen())

    def rows_of(self, found: Sequence[Work]) -> list[WorkProgress]:
        return [WorkProgress.of(work) for work in found]

    def file_name(self) -> str:
        return "background-work"

    def context(self) -> dict[str, Any]:
        is_live = getattr(self.request, "working", 0) > 0
        return {"is_live": is_live, "days": FILES_KEPT.days}
