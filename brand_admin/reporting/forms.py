"""The filters of Sales Tracking, and the form to add members to an offer."""

from __future__ import annotations

from math import ceil
from typing import Any

from django import forms

from brand_admin.amounts import read_decimal
from brand_admin.segments import SegmentFilters
from core.money import exponent
from offers.models import EnrollmentStatus, OfferKind, OfferStatus
from offers.selectors import offers, project_names
from tracking.figures.offer_report import SORT_KEYS, OfferRow

EVERY_STATUS = "all"


FIGURES = {
    "clicks": "Clicks",
    "conversions": "Conversions",
    "sales": "Sales",
    "commission": "Commission",
    "due": "Due",
}
COUNTS = frozenset({"clicks", "conversions"})


class FigureFilters(forms.Form):
    """A minimum of one figure; an amount is in the offer's currency."""

    figure = forms.ChoiceField(
        required=False, label="At least", choices=[("", "No minimum"), *FIGURES.items()]
    )
    least = forms.CharField(
        required=False,
        label="Minimum",
        max_length=16,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def least_of(self, currency: str) -> tuple[str, int] | None:
        """Return the figure and its minimum, in minor units or as a number; None if not set."""
        self.is_valid()
        figure, text = self.cleaned_data.get("figure", ""), self.cleaned_data.get("least", "")
        try:
            amount = read_decimal(text) if figure and text else None
        except forms.ValidationError:
            return None
        if amount is None or not 0 < amount < 10**12:
            return None
        units = 1 if figure in COUNTS else 10 ** exponent(currency)
        return figure, ceil(amount * units)

    @property
    def says_nothing(self) -> bool:
        """Whether a figure was chosen without a valid minimum, or a minimum without a figure."""
        return self.least_of("USD") is None and any(
            self.cleaned_data.get(name) for name in ("figure", "least")
        )


class OfferReportFilters(FigureFilters):
    """Which offers to report on. Without a filter, active ones."""

    field_order = ["status", "kind", "project", "figure", "least"]

    status = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Active"),
            *(choice for choice in OfferStatus.choices if choice[0] != OfferStatus.ACTIVE),
            (EVERY_STATUS, "All"),
        ],
    )
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *OfferKind.choices])
    project = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(pk), name) for pk, name in project_names()]
        field = self.fields["project"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All projects"), *names]

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `offers.selectors.offers`; ignore invalid values."""
        self.is_valid()
        status = self.cleaned_data.get("status") or OfferStatus.ACTIVE.value
        project = self.cleaned_data.get("project") or ""
        return {
            "status": "" if status == EVERY_STATUS else status,
            "kind": self.cleaned_data.get("kind") or "",
            "project_id": int(project) if project else None,
        }

    def left_out(self, search: str) -> int:
        """Return how many offers match everything else and are not active, without a status."""
        asked = self.chosen()
        if self.cleaned_data.get("status"):
            return 0
        found = offers(search=search, **asked | {"status": ""})
        return found.exclude(status=OfferStatus.ACTIVE).count()

    def enough(self, row: OfferRow) -> bool:
        """Whether an offer reaches the minimum of the chosen figure."""
        asked = self.least_of(row.offer.currency)
        return asked is None or SORT_KEYS[asked[0]](row) >= asked[1]


class OfferMemberFilters(SegmentFilters, FigureFilters):
    """Which members of an offer to list; removed ones only if the filter names them."""

    field_order = ["status", "segment", "figure", "least"]

    status = forms.ChoiceField(required=False, choices=[("", "Current"), *EnrollmentStatus.choices])

    def chosen(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("status") or "")


class AddMembersForm(forms.Form):
    """Whether added members get codes or links."""

    with_items = forms.BooleanField(required=False, initial=True)
