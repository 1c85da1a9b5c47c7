"""The filters of Sales Tracking, and what may be posted about an offer's members."""

from __future__ import annotations

from typing import Any

from django import forms

from offers.models import EnrollmentStatus, OfferKind, OfferStatus
from offers.selectors import projects

EVERY_STATUS = "all"


class OfferFilters(forms.Form):
    """Which offers to report on; active ones unless the address says otherwise."""

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
        names = [(str(row.pk), row.name) for row in projects()]
        field = self.fields["project"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All projects"), *names]

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `offers.selectors.offers`; nonsense in the address is ignored."""
        self.is_valid()
        status = self.cleaned_data.get("status") or OfferStatus.ACTIVE.value
        project = self.cleaned_data.get("project") or ""
        return {
            "status": "" if status == EVERY_STATUS else status,
            "kind": self.cleaned_data.get("kind") or "",
            "project_id": int(project) if project else None,
        }


class MemberFilters(forms.Form):
    """Which members of an offer to list; removed ones only when asked for."""

    status = forms.ChoiceField(required=False, choices=[("", "Current"), *EnrollmentStatus.choices])

    def chosen(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("status") or "")


class AddMembers(forms.Form):
    """What to give the members who are added."""

    with_items = forms.BooleanField(required=False, initial=True)
