"""What staff say about a project, and the offer its stage is set up with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from offers.models import Offer, OfferStatus
from offers.selectors import offers, terms_histories
from offers.wording import describe


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="For your team. Members never see it.")


class OfferChoice(forms.ModelChoiceField):
    """Offers with what they give and pay, so that the right one is told from its like."""

    words: Mapping[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.get_kind_display()} · {self.words.get(obj.pk, '')}"


class SetUpForm(forms.Form):
    """The offer of a Sales Tracking stage: a running one."""

    offer = OfferChoice(queryset=None, empty_label="Choose an offer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        running = offers(status=OfferStatus.ACTIVE)
        rows = {offer.pk: offer for offer in running}
        now = timezone.now()
        field = self.fields["offer"]
        field.queryset = running  # type: ignore[attr-defined]
        field.words = {  # type: ignore[attr-defined]
            pk: describe(history.at(now), rows[pk].currency)
            for pk, history in terms_histories(rows).items()
        }
        self.has_offers = bool(rows)

    @property
    def chosen(self) -> Offer:
        offer: Offer = self.cleaned_data["offer"]
        return offer
