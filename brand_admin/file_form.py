"""A form with a file of rows: CSV of any usual kind, or a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from brand_admin.forms import ConfirmationForm
from core.text import sentence
from tracking.importing.csv_rows import ImportFileError, Row, read_rows
from tracking.importing.uploads import MAX_FILE_BYTES, read_upload

MAX_ROWS = 100_000
LIMITS = f"{MAX_FILE_BYTES // 1_000_000} MB and {MAX_ROWS:,} rows."


class FileForm(ConfirmationForm):
    """If valid, `content` is the file as CSV in UTF-8, `rows` the number of its rows, and `notes`
    say what it was read as.
    """

    needed_columns: ClassVar[Sequence[str]] = ()

    file = forms.FileField(
        label="CSV or Excel file",
        widget=forms.FileInput,
        max_length=100,
        error_messages={
            "required": "Choose a file.",
            "max_length": "The file's name is longer than 100 characters: shorten it.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content, self.rows, self.notes = b"", 0, list[str]()

    def rows_in(self, lines: Iterable[str]) -> Iterable[Row]:
        """Read all rows. Raises ImportFileError for a file that can't be used."""
        return read_rows(lines, columns=self.needed_columns)

    def clean(self) -> dict[str, Any]:
        """Check the whole file: size, encoding, header and number of rows."""
        values = super().clean() or self.cleaned_data
        upload = values.get("file")
        if upload is not None:
            try:
                self._read(upload)
            except ImportFileError as error:
                self.add_error("file", sentence(error))
        return values

    def _read(self, upload: Any) -> None:
        if upload.size > MAX_FILE_BYTES:
            raise ImportFileError(
                f"the file is larger than {MAX_FILE_BYTES // 1_000_000} MB: split it into several"
            )
        read = read_upload(upload.read(), zone=timezone.get_current_timezone())
        self.content, self.notes = read.content, read.notes
        lines = StringIO(self.content.decode("utf-8-sig"), newline="")
        self.rows = sum(1 for _ in self.rows_in(lines))
        if not self.rows:
            raise ImportFileError("the file has no row under its header")
        if self.rows > MAX_ROWS:
            raise ImportFileError(
                f"the file has more than {MAX_ROWS:,} rows: split it into several files"
            )


class ReplaceCodesForm(forms.Form):
    """Whether codes in use stop where a file of members has another one."""

    replace_codes = forms.BooleanField(
        required=False,
        label="Replace these codes; the old ones stop at once",
        help_text="Without this, these rows are left out and the codes stay as they are.",
    )
