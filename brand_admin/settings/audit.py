"""Settings → Audit log: who did what to which thing, when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.audit_log.selectors import audit_count, audit_entries
from accounts.models import AuditEntry
from accounts.permissions import Permission
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.forms import DayFilters
from brand_admin.pages import export_url, paginate, render_page, searched
from brand_admin.settings.audit_names import names_in
from core.csv_export import csv_moment

SECTION = "settings"
FILTERS = ("q", "about", "first", "last")
ABOUT = {
    "members": ("Members", ("member", "enrollment", "question")),
    "offers": ("Offers, codes and links", ("offer", "terms", "promocode", "trackinglink")),
    "projects": ("Projects", ("project",)),
    "sales": ("Orders and conversions", ("order", "refund", "conversion")),
    "money": ("Payments", ("payout", "payoutrun", "ledgerentry")),
    "mails": ("Mails", ("campaign", "emailtemplate", "suppression")),
    "brand": ("Brand and staff", ("brand", "staff", "invitation", "apikey")),
}


class AuditFilters(DayFilters):
    """What to list; everything unless the address says otherwise."""

    about = forms.ChoiceField(
        required=False,
        label="About",
        choices=[("", "Everything"), *((key, label) for key, (label, _) in ABOUT.items())],
    )

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `accounts.selectors.audit_entries`; nonsense is ignored."""
        self.is_valid()
        about = self.cleaned_data.get("about")
        return {
            "kinds": ABOUT[about][1] if about else (),
            "actions_for_word": history.actions_saying,
            **self.days(),
        }


@require_safe
@brand_page(Permission.READ)
def audit_log(request: BrandRequest) -> HttpResponse:
    """Who did what, newest first."""
    filters = AuditFilters(request.GET)
    chosen, search = filters.chosen(), searched(request)
    is_kept = not (search or chosen["first"] or chosen["last"])
    page = paginate(
        request,
        audit_entries(search=search, **chosen),
        known_count=audit_count(chosen["kinds"]) if is_kept else None,
        is_long=True,
    )
    return render_page(
        request,
        "brand_admin/settings/audit.html",
        section=SECTION,
        filters=filters,
        page=page,
        lines=history.lines(page.object_list, names_in(page.object_list)),
        search=search,
        clear_href=without_filters(request, *FILTERS),
        csv_url=export_url(request, "brand_admin:settings_audit_csv"),
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def audit_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "audit", audit_file, section=SECTION)


def audit_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly what the list shows with the same filters."""
    found = audit_entries(search=searched(asked), **AuditFilters(asked.GET).chosen())
    return Export("Audit log", f"{asked.brand.slug}-audit-log.csv", found.count(), _lines(found))


def _lines(found: QuerySet[AuditEntry]) -> Iterator[list[str]]:
    """The entries as lines of CSV, header first. Times carry their offset."""
    yield ["time", "who", "what", "which", "action"]
    for entry in found.iterator(chunk_size=1_000):
        (line,) = history.lines([entry])
        when = csv_moment(entry.at)
        yield [when, entry.actor, line.words, line.target, entry.action]
