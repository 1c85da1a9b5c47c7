"""The upload of a file of orders or refunds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from brand_admin.file_form import FileForm
from core.form_fields import OneLineField
from tracking.figures.sources import sources_of_orders
from tracking.importing.column_choice import columns_for
from tracking.importing.csv_rows import Row, read_header, read_rows
from tracking.importing.entries import KINDS, ORDERS, REFUNDS, EntryKind
from tracking.importing.orders_in_background import ImportChoice
from tracking.orders.sources import OWN_SOURCE, is_own_source

MAX_SOURCE_LENGTH = 60


class OrderFileForm(FileForm):
    """A file of orders or refunds, where it is from, and what becomes of known ones."""

    field_order = ["file", "kind", "source", "known"]

    kind = forms.ChoiceField(
        label="What is in it",
        choices=[(ORDERS.name, "Orders"), (REFUNDS.name, "Refunds")],
        initial=ORDERS.name,
        widget=forms.RadioSelect,
    )
    source = OneLineField(
        label="Which shop it is from",
        max_length=MAX_SOURCE_LENGTH,
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
        help_text="An order is known by this name and its number. Take the same name each time.",
    )
    known = forms.ChoiceField(
        label="Orders and refunds that are recorded already",
        choices=[
            ("leave", "Leave them as they are"),
            ("update", "Change them to what the file says"),
        ],
        initial="leave",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = sources_of_orders()
        self.header: list[str] = []
        self.columns: dict[str, str] = {}

    @property
    def chosen_kind(self) -> EntryKind:
        return KINDS[self.cleaned_data.get("kind") or ORDERS.name]

    def rows_in(self, lines: Iterable[str]) -> Iterable[Row]:
        """Read all rows, also those of a file whose columns are not chosen yet."""
        whole = list(lines)
        kind = self.chosen_kind
        self.header = read_header(whole, columns=kind.columns)
        self.columns = columns_for(kind, self.header)
        return read_rows(whole, columns=kind.columns, mapping=self.columns)

    def clean(self) -> dict[str, Any]:
        """Refuse orders under a source that the product itself records; refunds may be of those."""
        values = super().clean()
        if values.get("kind") == ORDERS.name and is_own_source(values.get("source", "")):
            self.add_error(
                "source", f"“{values['source']}” {OWN_SOURCE}. Type the name of the shop."
            )
        return values

    def choice(self) -> ImportChoice:
        """Return what was chosen. Call it if the form is valid."""
        return ImportChoice(
            kind=self.chosen_kind,
            source=self.cleaned_data["source"],
            anew=self.cleaned_data["known"] == "update",
            filename=self.cleaned_data["file"].name,
            columns=self.columns,
            header=self.header,
            notes=self.notes,
        )
