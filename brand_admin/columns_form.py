"""The choice of a file's columns: for each of ours, the column of the file that holds it."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.forms import ConfirmationForm
from tracking.importing.column_choice import FIELDS
from tracking.importing.csv_rows import column_name
from tracking.importing.orders_in_background import ImportChoice


class ColumnsForm(ConfirmationForm):
    """A choice per field of an import. `columns` has the file's column for each, or "".

    `unread` are the columns that are not read, and `unread_fields` those of them with the name of
    one of our fields.
    """

    def __init__(self, *args: Any, choice: ImportChoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(column_name(text), text) for text in choice.header if column_name(text)]
        self.names = {field.name: field for field in FIELDS[choice.kind.name]}
        for name, field in self.names.items():
            self.fields[name] = forms.ChoiceField(
                label=field.label,
                required=field.is_required,
                choices=[("", "Choose" if field.is_required else "Not in the file"), *named],
                initial=choice.columns.get(name, ""),
                error_messages={"required": "Choose the column that holds it."},
            )
        unread = [each for each in named if each[0] not in set(choice.columns.values())]
        self.unread = [text for _, text in unread]
        self.unread_fields = [text for column, text in unread if column in self.names]

    @property
    def choices(self) -> list[forms.BoundField]:
        return [self[name] for name in self.names]

    @property
    def columns(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.names}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        first: dict[str, str] = {}
        for name, field in self.names.items():
            column = values.get(name)
            if column and first.setdefault(column, field.label) != field.label:
                self.add_error(name, f"This column is chosen for “{first[column]}” already.")
        return values
