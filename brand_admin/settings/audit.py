"""Settings → Audit log: who did what, to which object, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.text import capfirst

from accounts.audit_log.selectors import audit_count, audit_entries
from accounts.models import AuditEntry
from brand_admin import history
from brand_admin.forms import DayFilters
from brand_admin.listing.cells import Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState
from brand_admin.listing.listing import Listing, Selection
from brand_admin.settings.audit_names import names_in
from core.templatetags.display import who

ABOUT = {
    "members": ("Members", ("member", "enrollment", "question")),
    "offers": ("Offers, codes and links", ("offer", "terms", "promocode", "trackinglink")),
    "projects": ("Projects", ("project",)),
    "sales": ("Orders and conversions", ("order", "refund", "conversion", "exchangerate")),
    "money": ("Payments", ("payout", "payoutrun", "ledgerentry")),
    "shops": ("Connected shops", ("connection", "event")),
    "mails": ("Mails", ("campaign", "emailtemplate", "suppression")),
    "brand": ("Brand and staff", ("brand", "staff", "invitation", "apikey")),
}


class AuditFilters(DayFilters):
    """Which entries to list. Without a filter, all of them."""

    field_order = ["about", "first", "last"]

    about = forms.ChoiceField(
        required=False,
        label="About",
        choices=[("", "Everything"), *((key, label) for key, (label, _) in ABOUT.items())],
    )

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for the selector of audit entries; ignore invalid values."""
        self.is_valid()
        about = self.cleaned_data.get("about")
        return {
            "kinds": ABOUT[about][1] if about else (),
            "actions_for_word": history.actions_saying,
            **self.days(),
        }


class AuditLine(NamedTuple):
    entry: AuditEntry
    line: history.HistoryLine


def _thing(row: AuditLine) -> object:
    line, called = row.line, row.line.name or row.line.target
    page = line.page.removeprefix("brand_admin:")
    thing: object = Link(called, page, line.number) if page else called
    return Lines(thing, Muted(line.target) if line.name else "")


def _who(row: AuditLine) -> Lines:
    return Lines(who(row.entry.actor), Muted(row.line.address) if row.line.address else "")


class AuditLog(Listing[AuditLine]):
    """All entries of the audit log, newest first."""

    name, section = "audit", "settings"
    heading = "Settings"
    label, noun = "Audit log", "entries"
    page_name, file_page = "settings_audit", "settings_audit_csv"
    template = "brand_admin/settings/audit.html"
    search_label = "Search person, action or object"
    filter_form = AuditFilters
    always_filters = True
    is_long = True
    shows_times = False
    columns = (
        Column("Time", lambda row: row.entry.at, look="bare"),
        Column("Who", _who, look="bare"),
        Column("What", lambda row: capfirst(row.line.words), look="wraps", names_row=True),
        Column("Which", _thing, look="wraps bare"),
    )
    file_columns = {
        "time": lambda row: row.entry.at,
        "who": lambda row: row.entry.actor,
        "what": lambda row: row.line.words,
        "which": lambda row: row.line.target,
        "action": lambda row: row.entry.action,
    }
    nothing_yet = nothing_matches = EmptyState("Nothing found", "No entry matches.", icon="history")

    def selection(self) -> Selection:
        return Selection(audit_entries, {"search": self.search, **self.filters.chosen()})

    def known_count(self) -> int | None:
        chosen = self.filters.chosen()
        is_kept = not (self.search or chosen["first"] or chosen["last"])
        return audit_count(chosen["kinds"]) if is_kept else None

    def rows_of(self, found: Sequence[AuditEntry]) -> list[AuditLine]:
        told = history.lines(found, names_in(found))
        return [AuditLine(entry, line) for entry, line in zip(found, told, strict=True)]

    def file_name(self) -> str:
        return "audit-log"

    def file_title(self) -> str:
        return "Audit log"
