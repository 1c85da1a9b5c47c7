"""Forms for an offer's terms: rates, a cap, and how tiers are reached."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from brand_admin.amounts import AmountField, PercentField, read_amount
from core.money import Money
from core.text import sentence
from offers.fields import TOO_FAR, is_too_far
from offers.models import Approval, Terms
from offers.structure import (
    CapPeriod,
    FixedAfterRefund,
    TierBy,
)
from offers.terms import TermsValues

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# The fields that are folded, as most terms leave them as they are.
FOLDED = ("per_click", "fixed_after_refund", "approval", "cap", "cap_period")


class TermsForm(forms.Form):
    """A commission structure without its tiers and rules. Amounts are in the offer's currency."""

    percent = PercentField(
        label="Percent of the sale",
        required=False,
        help_text="Of what was sold after discounts, without tax and shipping.",
    )
    fixed = AmountField(
        required=False,
        label="Amount per conversion",
        help_text="On top of the percentage, or instead of it.",
    )
    fixed_after_refund = forms.ChoiceField(
        label="Amount after a refund of a part",
        choices=[
            (FixedAfterRefund.WHOLE, "Whole, for any paid order"),
            (FixedAfterRefund.SHARE, "In proportion to what was kept"),
        ],
        initial=FixedAfterRefund.WHOLE,
        required=False,
        help_text="For each amount per conversion, also of tiers and rules. A full refund leaves"
        " nothing.",
    )
    may_pay_nothing = forms.BooleanField(
        label="Members earn nothing under these terms", required=False
    )
    per_click = AmountField(
        required=False,
        label="Amount per click",
        help_text="For every counted click on a tracking link. Robots don't count.",
    )
    cap = AmountField(
        required=False,
        label="A member earns at most",
        help_text="Leave it empty for no cap. Clicks and conversions count together.",
    )
    cap_period = forms.ChoiceField(
        label="In each",
        choices=[
            (CapPeriod.DAY, "Day"),
            (CapPeriod.MONTH, "Month"),
            (CapPeriod.ALWAYS, "All time"),
        ],
        initial=CapPeriod.MONTH,
        required=False,
    )
    tier_by = forms.ChoiceField(
        label="Tiers are reached by",
        choices=[
            (TierBy.SALES, "Sales, less refunds"),
            (TierBy.CONVERSIONS, "Accepted conversions"),
        ],
        initial=TierBy.SALES,
        required=False,
    )
    tier_period = forms.ChoiceField(
        label="Counted",
        choices=[(CapPeriod.ALWAYS, "From the beginning"), (CapPeriod.MONTH, "Restart each month")],
        initial=CapPeriod.ALWAYS,
        required=False,
    )
    hold_days = forms.IntegerField(
        label="Hold",
        min_value=0,
        max_value=365,
        initial=0,
        help_text="Days after the order before its commission can be paid, so that returns come in"
        " first.",
    )
    approval = forms.ChoiceField(
        label="Approval",
        choices=[
            (Approval.AUTOMATIC, "Automatic: every conversion is accepted as it comes in"),
            (Approval.BY_HAND, "By hand: a conversion earns nothing until you accept it"),
        ],
        initial=Approval.AUTOMATIC,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_currency = currency

    @property
    def chosen_currency(self) -> str:
        """Return the currency chosen with a new offer, else that of the offer or the brand."""
        return str(self.cleaned_data.get("currency") or self.own_currency)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in ("fixed", "per_click", "cap"):
            try:
                values[f"{name}_minor"] = read_amount(
                    values.get(name, ""), self.chosen_currency
                ).minor
            except ValidationError as error:
                self.add_error(name, error)
        if values.get("cap") and values.get("cap_minor") == 0:
            self.add_error("cap", "A cap is more than zero. Leave it empty for no cap.")
        return values

    @property
    def sets_more(self) -> bool:
        """Whether a folded field was refused, or is not as most terms have it."""
        return any(
            name in self.errors or (self[name].value() or usual) != usual
            for name, usual in ((name, self.fields[name].initial or "") for name in FOLDED)
        )

    @property
    def terms_values(self) -> TermsValues:
        """Return the typed terms, without tiers and rules."""
        values = self.cleaned_data
        return TermsValues(
            percent_bp=values["percent"] or 0,
            fixed_minor=values["fixed_minor"],
            fixed_after_refund=values["fixed_after_refund"] or FixedAfterRefund.WHOLE.value,
            per_click_minor=values["per_click_minor"],
            cap_minor=values["cap_minor"] or None,
            cap_period=values["cap_period"] or CapPeriod.MONTH.value,
            tier_by=values["tier_by"] or TierBy.SALES.value,
            tier_period=values["tier_period"] or CapPeriod.ALWAYS.value,
            hold_days=values["hold_days"],
            approval=values["approval"],
            may_pay_nothing=values["may_pay_nothing"],
        )


class NewTermsForm(TermsForm):
    """The next version of an offer's terms."""

    starts_on = forms.DateField(
        label="Applies from",
        required=False,
        widget=DAY,
        help_text="The start of that day. Leave it empty to apply from now on.",
    )
    tells_members = forms.BooleanField(
        label="Tell the members by mail",
        required=False,
        initial=True,
        help_text="Active members of the offer get what they earn now and what they will earn.",
    )

    def clean_starts_on(self) -> Any:
        day = self.cleaned_data["starts_on"]
        if day is not None and day < timezone.localdate():
            raise ValidationError("Terms can't change the past: choose today or a later day.")
        if day is not None and is_too_far(day):
            raise ValidationError(sentence(TOO_FAR))
        return day

    def starts_at(self, now: datetime) -> datetime:
        """Return the start of the chosen day in the brand's time zone; now for today or no day."""
        day = self.cleaned_data["starts_on"]
        if day is None or day == timezone.localdate(now):
            return now
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def terms_initial(terms: Terms, currency: str) -> dict[str, Any]:
    """Return the form's initial values for existing terms."""
    return {
        "percent": terms.percent_bp,
        "fixed": plain_amount(terms.fixed_minor, currency),
        "fixed_after_refund": terms.fixed_after_refund,
        "per_click": plain_amount(terms.per_click_minor, currency),
        "cap": plain_amount(terms.cap_minor or 0, currency),
        "cap_period": terms.cap_period,
        "tier_by": terms.tier_by,
        "tier_period": terms.tier_period,
        "hold_days": terms.hold_days,
        "approval": terms.approval,
    }


def plain_amount(minor: int, currency: str) -> str:
    """Return an amount as a field shows it, empty for nothing."""
    return Money(minor, currency).plain() if minor else ""
