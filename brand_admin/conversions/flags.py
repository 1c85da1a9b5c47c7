"""The list of flagged sales, and clearing or rejecting many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from accounts.actors import Actor
from brand_admin.conversions.forms import EVERY_STATE, RejectionForm
from brand_admin.conversions.tab_counts import tab_counts
from brand_admin.forms import OfferFilters
from brand_admin.listing.actions import Action, Done, Seen
from brand_admin.listing.cells import Badge, Cell, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from core.money import Money
from core.templatetags.display import moment
from tracking.flags.deciding import MAX_REASON, clear_flags, reject_flags
from tracking.flags.leaks import leak_sentence, open_leaks
from tracking.flags.selectors import flags, named
from tracking.flags.sentences import sentence
from tracking.models import Conversion, Flag, FlagKind, FlagState

TONES = {
    FlagState.OPEN: "wait",
    FlagState.CLEARED: "good",
    FlagState.REJECTED: "bad",
    FlagState.WITHDRAWN: "neutral",
}


class FlagFilters(OfferFilters):
    """Which flags to list; the open ones unless the address says otherwise."""

    field_order = ["state", "kind"]

    state = forms.ChoiceField(
        required=False,
        choices=[("", "Open"), *FlagState.choices[1:], (EVERY_STATE, "All")],
    )
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *FlagKind.choices])

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `tracking.flags.selectors.flags`; nonsense is ignored."""
        self.is_valid()
        given = self.cleaned_data
        state = given.get("state") or FlagState.OPEN.value
        return {
            "state": "" if state == EVERY_STATE else state,
            "kind": given.get("kind") or "",
            **self.offer_and_member(),
        }


class ClearingForm(forms.Form):
    """Why flags were false."""

    reason = forms.CharField(
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown with the flag, for staff alone.",
        error_messages={"required": "Say why: it is shown with the flag."},
    )


def _clear(listing: Listing[Any], *, ids: list[int], reason: str, by: Actor, now: datetime) -> Done:
    changed = clear_flags(flag_ids=ids, reason=reason, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


def _reject(
    listing: Listing[Any], *, ids: list[int], reason: str, by: Actor, now: datetime
) -> Done:
    changed = reject_flags(flag_ids=ids, reason=reason, by=by, now=now)
    return Done(changed, unchanged=max(0, len(ids) - changed))


def flag_state(row: Flag) -> Cell:
    badge = Badge(FlagState(row.state).label, TONES[FlagState(row.state)])
    if row.state == FlagState.OPEN:
        return Lines(badge, Muted(f"since {moment(row.raised_at, 'short')}"))
    return Lines(badge, Muted(row.reason) if row.reason else "")


def _sale(row: Flag) -> Money:
    conversion: Conversion = row.conversion
    return conversion.sale


def _sale_and_status(row: Flag) -> Cell:
    return Lines(_sale(row), Muted(row.conversion.get_status_display()))


def _commission(row: Flag) -> Money:
    """What it earns, or would earn if accepted."""
    conversion: Conversion = row.conversion
    return conversion.earnable


class Flags(Listing[Flag]):
    """The flagged sales, the newest flag first."""

    name, section = "flags", "conversions"
    heading = "Conversions"
    subtitle = (
        "Sales with something unusual about them. A flag changes no money until you reject the"
        " sale, except where the offer holds flagged sales for review."
    )
    label, noun = "Flagged sales", "flags"
    page_name, file_page, change_page = "flags", "flags_csv", "flags_decide"
    template = "brand_admin/conversions/flags.html"
    search_label = "Order or member"
    filter_form = FlagFilters
    always_filters = True
    only_member = "flags of"
    export_in_header = True
    header_links = (PageLink("Settings of flags", "settings_flags", icon="settings"),)
    default_sort = "-raised"
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "Order",
            lambda row: Lines(
                Link(row.conversion.order.external_id, "conversion", row.conversion_id),
                Muted(moment(row.conversion.occurred_at, "short")),
            ),
            sort="time",
            by=("conversion__occurred_at", "pk"),
            names_row=True,
        ),
        Column(
            "Why it is flagged",
            lambda row: Lines(FlagKind(row.kind).label, Muted(sentence(row))),
            look="wide wraps",
        ),
        Column(
            "Member and offer",
            lambda row: Lines(
                Link(row.member, "member", row.member_id),
                Muted(Link(row.offer.name, "offer_report", row.offer_id)),
            ),
        ),
        Column(
            "Sale",
            _sale_and_status,
            sort="sale",
            by=("conversion__sale_minor", "pk"),
            look="number",
        ),
        Column(
            "Commission", _commission, sort="commission",
            by=("conversion__earnable_minor", "pk"), look="number strong",
        ),
        Column("Flag", flag_state, sort="raised", by=("raised_at", "pk"), look="wraps"),
    )  # fmt: skip
    file_columns = {
        "order": lambda row: row.conversion.order.external_id,
        "source": lambda row: row.conversion.order.source,
        "time": lambda row: row.conversion.occurred_at,
        "member": lambda row: row.member.full_name,
        "email": lambda row: row.member.email,
        "offer": lambda row: row.offer.name,
        "kind": lambda row: row.kind,
        "found": sentence,
        "flagged": lambda row: row.raised_at,
        "state": lambda row: row.state,
        "reason": lambda row: row.reason,
        "decided_by": lambda row: row.decided_by,
        "decided": lambda row: row.decided_at,
        "sale": _sale,
        "commission": _commission,
        "currency": lambda row: row.conversion.currency,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="clear",
            label="Clear",
            act=_clear,
            done="cleared",
            unchanged="were decided",
            icon="check",
            form=ClearingForm,
            asks="These sales are fine. Those that were held for review earn at once.",
        ),
        Action(
            key="reject",
            label="Reject the sales",
            act=_reject,
            done="rejected, with their sales",
            unchanged="were decided",
            kind="danger",
            form=RejectionForm,
            asks="These sales will earn nothing. What was earned already is taken back from what is"
            " due; you can accept them again later.",
        ),
    )
    nothing_yet = EmptyState(
        "No flag waits for you",
        "When a sale looks unusual, such as a member's own purchase or a click from a coupon site,"
        " it appears here with the reason.",
        icon="good",
        links=(PageLink("Settings of flags", "settings_flags"),),
    )
    nothing_matches = EmptyState(
        "No flag matches", "Change the search or the filters.", icon="search"
    )

    def selection(self) -> Selection:
        return Selection(flags, {"search": self.search, **self.filters.chosen()})

    def rows_of(self, found: Sequence[Flag]) -> Sequence[Flag]:
        return named(found)

    def file_title(self) -> str:
        return self.label

    def file_name(self) -> str:
        return "flagged-sales"

    def row_label(self, row: Flag) -> str:
        return f"{row.conversion.order.external_id}, {FlagKind(row.kind).label}"

    def everything(self) -> QuerySet[Flag]:
        return flags()

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        return [
            Seen(
                row.conversion.order.external_id,
                more=str(row.member),
                amount=_commission(row),
                note=f"{FlagKind(row.kind).label} · {moment(row.conversion.occurred_at)}",
            )
            for row in self.everything().filter(pk__in=ids)
        ]

    def context(self) -> dict[str, Any]:
        leaks = [(row, leak_sentence(row)) for row in open_leaks()]
        return {**tab_counts(), "leaks": leaks}
