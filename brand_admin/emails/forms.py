"""The forms of the email drawer and of saved templates, and the filters of the email lists."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.refusals import add_refusal
from brand_admin.versioned import VersionedForm
from core.form_fields import OneLineField
from core.text import MAX_ADDRESS_LENGTH
from notifications.models import (
    CampaignState,
    EmailTemplate,
    MessageState,
    Purpose,
    SuppressionReason,
)
from notifications.rendering import BrandStyle, TemplateError, prepare
from notifications.rendering.prepare import MAX_SUBJECT_LENGTH
from notifications.services import MAX_TEMPLATE_NAME_LENGTH


class EmailTextForm(forms.Form):
    """Subject and message of an email, with variables; an error names the wrong variable."""

    subject = forms.CharField(
        max_length=MAX_SUBJECT_LENGTH,
        strip=True,
        widget=forms.TextInput(attrs={"data-editor": "line", "autocomplete": "off"}),
    )
    body = forms.CharField(
        label="Message",
        widget=forms.Textarea(attrs={"data-editor": "text", "rows": 14}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self._check("subject", subject=given.get("subject"), body="-")
        self._check("body", subject="-", body=given.get("body"))
        return given

    def _check(self, name: str, *, subject: str | None, body: str | None) -> None:
        if subject is None or body is None:
            return
        try:
            prepare(subject=subject, body=body, style=BrandStyle())
        except TemplateError as error:
            add_refusal(self, error, field=name)


class DrawerTextForm(EmailTextForm):
    """The same in the drawer, which opens with the focus on the subject."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["subject"].widget.attrs["autofocus"] = True


class TemplateNameForm(forms.Form):
    """What a text is saved under."""

    name = OneLineField(
        max_length=MAX_TEMPLATE_NAME_LENGTH,
        help_text="Staff choose it by this name when they write to members.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewTemplateForm(TemplateNameForm, EmailTextForm):
    """A text with its name."""

    field_order = ("name", "subject", "body")


class TemplateForm(NewTemplateForm, VersionedForm):
    """A saved text, which somebody else may be changing as well."""

    @classmethod
    def of(cls, row: EmailTemplate, data: Any = None) -> TemplateForm:
        now = {"name": row.name, "subject": row.subject, "body": row.body}
        form = cls(data, initial=now)
        form.remember(row.version)
        return form


class CampaignFilters(forms.Form):
    purpose = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *(one for one in Purpose.choices if one[0] != Purpose.TEST)],
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *CampaignState.choices])

    def chosen(self) -> dict[str, str]:
        """Keyword arguments for `notifications.selectors.campaigns`; nonsense is ignored."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in ("purpose", "state")}


class ReportFilters(forms.Form):
    state = forms.ChoiceField(required=False, choices=[("", "All"), *MessageState.choices])

    def chosen(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("state") or "")


class MessageFilters(forms.Form):
    """Which mails to list; `member` stands in the addresses that lead here from a member."""

    purpose = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *(one for one in Purpose.choices if one[0] != Purpose.TEST)],
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *MessageState.choices])
    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, str]:
        """Keyword arguments for the messages of `notifications.selectors`; nonsense is ignored."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in ("purpose", "state")}

    @property
    def member_id(self) -> int | None:
        self.is_valid()
        return self.cleaned_data.get("member")


class SuppressionFilters(forms.Form):
    reason = forms.ChoiceField(required=False, choices=[("", "All"), *SuppressionReason.choices])

    def chosen(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("reason") or "")


class NewSuppressionForm(forms.Form):
    """An address that staff don't want written to."""

    address = forms.EmailField(label="Email address", max_length=MAX_ADDRESS_LENGTH)
