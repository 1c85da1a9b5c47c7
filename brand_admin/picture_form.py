"""The form that uploads or removes a picture."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.pictures import MAX_FILE_BYTES


class PictureForm(forms.Form):
    """A picture file; with `remove`, no file is needed."""

    file = forms.FileField(
        label="Picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text="PNG, JPEG or WebP, at most 3 MB.",
    )
    remove = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        upload = values.get("file")
        if upload is not None and upload.size > MAX_FILE_BYTES:
            self.add_error("file", f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
        elif upload is None and not values.get("remove") and "file" not in self.errors:
            self.add_error("file", "Choose a picture.")
        return values

    @property
    def content(self) -> bytes | None:
        """Return the uploaded bytes; None to remove the picture."""
        upload = self.cleaned_data["file"]
        return None if self.cleaned_data["remove"] or upload is None else upload.read()
