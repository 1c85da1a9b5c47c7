"""What staff say about a member, the filters of the list, and the file of an import."""

from __future__ import annotations

from io import StringIO
from typing import Any

from django import forms
from django.utils.text import capfirst

from affiliates.models import Member
from brand_admin.versioned import VersionedForm
from offers.models import Offer
from offers.selectors import offers, offers_to_join
from tracking.imports import MEMBER_COLUMNS, ImportFileError, Row, read_rows

LARGEST_FILE = 1_000_000  # bytes
MOST_ROWS = 2_000
NO_OFFER = "none"


class MemberFilter(forms.Form):
    """The filters of the list."""

    offer = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [
            (str(pk), name) for pk, name in offers().order_by("name").values_list("pk", "name")
        ]
        choices = [("", "Any"), (NO_OFFER, "In no offer"), *names]
        self.fields["offer"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("offer", ""))


class MemberForm(forms.Form):
    """A person. Without an address nothing can be sent to them."""

    first_name = forms.CharField(max_length=200, help_text="Mails greet them by it.")
    last_name = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(
        label="Email",
        max_length=254,
        required=False,
        help_text="Where their code, link and dashboard link are sent.",
    )


class EditMemberForm(MemberForm, VersionedForm):
    """What is changed about a member, by somebody who has seen a version of them."""

    @classmethod
    def of(cls, member: Member, data: Any = None) -> EditMemberForm:
        names = ("first_name", "last_name", "email")
        form = cls(data, initial={name: getattr(member, name) for name in names})
        form.remember(member.version)
        return form

    def said(self) -> dict[str, Any]:
        """Keyword arguments for `affiliates.services.change_member`."""
        values = {**self.cleaned_data, "seen_version": self.cleaned_data["version"]}
        return {name: values[name] for name in values if name not in {"version", "opened"}}


class JoinForm(forms.Form):
    """An offer for a member who is not in it."""

    offer: forms.ModelChoiceField[Offer] = forms.ModelChoiceField(
        queryset=None, empty_label="Choose an offer"
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers_to_join(member)  # type: ignore[attr-defined]


class ImportForm(forms.Form):
    """A CSV file of members; `text` carries it from the preview to the import."""

    offer: forms.ModelChoiceField[Offer] = forms.ModelChoiceField(
        queryset=None,
        required=False,
        empty_label="No offer yet",
        help_text="Everybody in the file joins it, with the code of their row and a tracking link"
        " where the offer gives them.",
    )
    file = forms.FileField(label="CSV file", required=False, widget=forms.FileInput)
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        running = offers().exclude(status__in=["ended", "archived"]).order_by("name")
        self.fields["offer"].queryset = running  # type: ignore[attr-defined]
        self.rows: list[Row] = []

    @property
    def chosen_offer(self) -> Offer | None:
        offer: Offer | None = self.cleaned_data["offer"]
        return offer

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        upload = values.get("file")
        if upload is not None:
            values["text"] = self._read(upload)
        text = values.get("text") or ""
        if not text and "file" not in self.errors:
            self.add_error("file", "Choose a file.")
        try:
            self.rows = list(read_rows(StringIO(text, newline=""), columns=MEMBER_COLUMNS))
        except ImportFileError as error:
            self._refuse(f"{error}")
        if len(self.rows) > MOST_ROWS:
            self._refuse(f"the file has more than {MOST_ROWS:,} rows: cut it into several")
        elif not self.rows and text and not self.errors:
            self._refuse("the file has no row under its header")
        return values

    def _read(self, upload: Any) -> str:
        if upload.size > LARGEST_FILE:
            self._refuse("the file is larger than 1 MB: cut it into several")
            return ""
        try:
            text: str = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self._refuse("the file is not UTF-8 text: save it as CSV UTF-8")
            return ""
        return text

    def _refuse(self, message: str) -> None:
        if "file" not in self.errors:
            self.add_error("file", f"{capfirst(message)}.")
