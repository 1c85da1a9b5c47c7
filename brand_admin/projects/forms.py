"""Forms for a project, and for the offers of its Sales Tracking stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from brand_admin.offers.words import in_brief
from core.form_fields import OneLineField
from offers.models import Offer, OfferKind, OfferStatus
from offers.selectors import offers, terms_histories
from tracking.outreach.stages import LABELS, LEFT_OUT, StageStep


class ProjectForm(forms.Form):
    name = OneLineField(max_length=120, help_text="For your team. Members never see it.")


class StepFilters(forms.Form):
    """The step of the members to list."""

    step = forms.ChoiceField(
        required=False,
        label="Step",
        choices=[
            ("", "Any step"),
            *((step.value, LABELS[step]) for step in StageStep),
            (LEFT_OUT, "Not active in the offer"),
        ],
    )

    def chosen(self) -> str:
        """Return the step, or LEFT_OUT; ignore invalid values."""
        self.is_valid()
        return str(self.cleaned_data.get("step") or "")


class OfferChoice(forms.ModelChoiceField):
    """A choice of offers, each with its kind and commission, to tell similar offers apart."""

    words: Mapping[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.get_kind_display()} · {self.words.get(obj.pk, '')}"


class SetUpForm(forms.Form):
    """The offer of a Sales Tracking stage; it must be active."""

    offer = OfferChoice(queryset=None, empty_label="Choose an offer")
    code_offer = OfferChoice(
        queryset=None,
        required=False,
        label="Additional offer for codes",
        empty_label="None",
        help_text="If links and codes earn differently: the first offer is then for tracking links"
        " only, and this one for promo codes only.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        running = offers(status=OfferStatus.ACTIVE)
        rows = {offer.pk: offer for offer in running}
        now = timezone.now()
        words = {
            pk: in_brief(history.at(now), rows[pk].currency)
            for pk, history in terms_histories(rows).items()
        }
        first, second = self.fields["offer"], self.fields["code_offer"]
        first.queryset = running  # type: ignore[attr-defined]
        second.queryset = running.filter(kind=OfferKind.CODE)  # type: ignore[attr-defined]
        first.words = second.words = words  # type: ignore[attr-defined]
        self.has_offers = bool(rows)
        self.has_code_offers = any(offer.kind == OfferKind.CODE for offer in rows.values())

    @property
    def chosen(self) -> Offer:
        offer: Offer = self.cleaned_data["offer"]
        return offer

    @property
    def chosen_beside(self) -> Offer | None:
        offer: Offer | None = self.cleaned_data["code_offer"]
        return offer
