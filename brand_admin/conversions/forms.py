"""The filters of the lists, the reasons that rejecting and crediting need, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from brand_admin.forms import DayFilters, OfferFilters
from brand_admin.pages import id_in
from offers.models import Enrollment
from tracking.figures.conversion_list import UNDECIDED
from tracking.figures.periods import Bounds
from tracking.figures.refunds_to_check import RefundOutcome, oldest_refund_day
from tracking.figures.sources import sources_of_orders, sources_of_refunds
from tracking.figures.unattributed_orders import Brought, oldest_unattributed_day
from tracking.models import ConversionStatus, Evidence, Order, QuestionState
from tracking.models.questions import MAX_ANSWER_LENGTH
from tracking.orders.crediting import MAX_REASON_LENGTH

EVERY_STATE = "all"


class ConversionFilters(DayFilters, OfferFilters):
    """What to list; everything unless the address says otherwise."""

    field_order = ["status", "offer", "evidence", "first", "last"]

    status = forms.ChoiceField(
        required=False,
        choices=[("", "All"), (UNDECIDED, "Waiting for you"), *ConversionStatus.choices],
    )
    evidence = forms.ChoiceField(
        required=False, label="Won by", choices=[("", "Anything"), *Evidence.choices]
    )

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `conversion_list.conversions`; nonsense is ignored."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "status": given.get("status") or "",
            "evidence": given.get("evidence") or "",
            **self.offer_and_member(),
            **self.days(),
        }


class RejectionForm(forms.Form):
    """Why conversions are rejected."""

    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The member reads this on their dashboard.",
        error_messages={"required": "Say why: the member reads it."},
    )


class UnattributedFilters(DayFilters):
    """Which orders to list; everything unless the address says otherwise."""

    field_order = ["source", "brought", "first", "last"]

    source = forms.ChoiceField(required=False)
    brought = forms.ChoiceField(
        required=False, label="Evidence", choices=[("", "Anything"), *Brought.choices]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All sources"), *((name, name) for name in sources_of_orders())]

    def bounds(self) -> Bounds:
        """Return the same with the days of these orders, which no figure counts."""
        usual, oldest = super().bounds(), oldest_unattributed_day()
        return Bounds(min(usual.first, oldest or usual.first), usual.last)

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `unattributed_orders`; nonsense is ignored."""
        self.is_valid()
        return {
            "source": self.cleaned_data.get("source") or "",
            "brought": self.cleaned_data.get("brought") or "",
            **self.days(),
        }


class RefundFilters(DayFilters):
    """Which refunds to list, by the day of receipt; all unless the address says otherwise."""

    field_order = ["outcome", "source", "first", "last"]

    outcome = forms.ChoiceField(
        required=False, label="What came of it", choices=[("", "Anything"), *RefundOutcome.choices]
    )
    source = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All sources"), *((name, name) for name in sources_of_refunds())]

    def bounds(self) -> Bounds:
        """Return the same with the days of these refunds, which no figure counts."""
        usual, oldest = super().bounds(), oldest_refund_day()
        return Bounds(min(usual.first, oldest or usual.first), usual.last)

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `refunds_to_check`; nonsense is ignored."""
        self.is_valid()
        return {
            "outcome": self.cleaned_data.get("outcome") or "",
            "source": self.cleaned_data.get("source") or "",
            **self.days(),
        }


class CreditForm(forms.Form):
    """The member in an offer whom orders are credited to, and why."""

    enrollment = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": "Choose the member first."}
    )
    reason = forms.CharField(
        label="Why",
        max_length=MAX_REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The member reads this on their dashboard.",
        error_messages={"required": "Say why: the member reads it."},
    )

    def member(self) -> Enrollment | None:
        """Return the chosen enrollment, with member and offer; None for an invalid one."""
        chosen = id_in(str(self["enrollment"].value()))
        found = Enrollment.objects.not_removed().select_related("member", "offer")
        return found.filter(pk=chosen).first() if chosen is not None else None

    def clean_enrollment(self) -> int:
        chosen = self.member()
        if chosen is None:
            raise forms.ValidationError("This member is not in the offer any more. Choose again.")
        return chosen.pk


class QuestionFilters(forms.Form):
    """Which questions to list; the open ones unless the address says otherwise."""

    state = forms.ChoiceField(
        required=False,
        choices=[("", "Waiting"), *QuestionState.choices[1:], (EVERY_STATE, "All")],
    )

    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `tracking.questions.selectors.questions`; nonsense is ignored."""
        self.is_valid()
        state = self.cleaned_data.get("state") or QuestionState.OPEN.value
        return {
            "state": "" if state == EVERY_STATE else state,
            "member_id": self.cleaned_data.get("member"),
        }


class AnswerForm(forms.Form):
    """What the member reads; for attributing, which of the orders too."""

    order_id = forms.ChoiceField(
        label="Order", error_messages={"invalid_choice": "This order can't be credited any more."}
    )
    text = forms.CharField(
        max_length=MAX_ANSWER_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Write an answer: the member reads it."},
    )

    def __init__(
        self, *args: Any, orders: Sequence[Order], kind: str, suggested: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].initial = suggested
        if kind != "attribute":
            del self.fields["order_id"]
            return
        field = self.fields["order_id"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        several = len(orders) > 1
        field.widget = forms.RadioSelect() if several else forms.HiddenInput()
        field.choices = [(str(row.pk), f"{row.external_id} from {row.source}") for row in orders]
        field.initial = str(orders[0].pk) if orders else ""
