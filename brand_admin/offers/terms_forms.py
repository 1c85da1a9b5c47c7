"""Forms for an offer's terms: rates, tiers, rules and a cap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from brand_admin.amounts import AmountField, PercentField, read_amount
from core.form_fields import OneLineField
from core.money import Money, plain_percent
from offers.models import Approval, Terms
from offers.structure import (
    MAX_RULES,
    MAX_TIERS,
    CapPeriod,
    Customer,
    FixedAfterRefund,
    Rule,
    RuleKind,
    Tier,
    TierBy,
)
from offers.terms import MAX_RULE_VALUE_LENGTH, TermsValues

LAST_YEAR = 9000  # datetime ends at 9999; time zones and the day after must fit
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
NEW, RETURNING = Customer.NEW.value, Customer.RETURNING.value
RULE_KINDS = [
    ("", "No rule"),
    (RuleKind.PRODUCT.value, "Product (SKU)"),
    (RuleKind.COLLECTION.value, "Collection"),
    (RuleKind.CODE.value, "Promo code"),
    (NEW, "New customers"),
    (RETURNING, "Returning customers"),
]
# The fields that are folded, as most terms leave them as they are.
FOLDED = (
    "per_click", "fixed_after_refund", "approval", "cap", "cap_period", "tier_by", "tier_period",
)  # fmt: skip
MAX_DIGITS_OF_TOTAL = 4  # Python reads no number of thousands of digits
MORE_ROWS = {"more_tiers": "tiers", "more_rules": "rules"}  # the buttons that add an empty row


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
        if day is not None and day.year > LAST_YEAR:
            raise ValidationError("That is too far away.")
        return day

    def starts_at(self, now: datetime) -> datetime:
        """Return the start of the chosen day in the brand's time zone; now for today or no day."""
        day = self.cleaned_data["starts_on"]
        if day is None or day == timezone.localdate(now):
            return now
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


class TierForm(forms.Form):
    """A tier. Empty rows are ignored."""

    name = OneLineField(label="Tier", required=False, max_length=40)
    threshold = AmountField(required=False, label="From")
    percent = PercentField(label="Percent", required=False)
    fixed = AmountField(required=False, label="Amount")

    def tier(self, *, by: str, currency: str) -> Tier | None:
        """Return the typed value; None for an empty row. Adds errors to the form."""
        values = self.cleaned_data
        if not _is_filled(values):
            return None
        try:
            reached = values["threshold"]
            if by == TierBy.CONVERSIONS and not (reached.isascii() and reached.isdecimal()):
                raise ValidationError("Write how many conversions.")
            counted = (
                int(reached) if by == TierBy.CONVERSIONS else read_amount(reached, currency).minor
            )
        except ValidationError as error:
            return self.add_error("threshold", error)
        try:
            fixed = read_amount(values["fixed"], currency).minor
        except ValidationError as error:
            return self.add_error("fixed", error)
        return Tier(values["name"].strip(), counted, values["percent"] or 0, fixed)


class RuleForm(forms.Form):
    """A rule. Empty rows are ignored."""

    kind = forms.ChoiceField(label="For", choices=RULE_KINDS, required=False)
    value = OneLineField(label="Which", required=False, max_length=MAX_RULE_VALUE_LENGTH)
    percent = PercentField(label="Percent", required=False)
    fixed = AmountField(required=False, label="Amount")

    def rule(self, *, currency: str) -> Rule | None:
        """Return the typed value; None for an empty row. Adds errors to the form."""
        values = self.cleaned_data
        kind, value = values.get("kind", ""), values.get("value", "").strip()
        if not kind:
            filled = _is_filled(values)
            message = "Choose what it is for, or empty the row."
            return self.add_error("kind", message) if filled else None
        if kind in {NEW, RETURNING}:
            kind, value = RuleKind.CUSTOMER.value, kind
        if not value:
            return self.add_error("value", "Say which.")
        try:
            fixed = read_amount(values["fixed"], currency).minor
        except ValidationError as error:
            return self.add_error("fixed", error)
        if fixed and RuleKind(kind).is_of_line:
            return self.add_error("fixed", "A product or collection has a percentage only.")
        return Rule(RuleKind(kind), value, values["percent"] or 0, fixed)


def _is_filled(values: Mapping[str, Any]) -> bool:
    """Whether somebody typed into a row, be it 0."""
    return any(value not in ("", None) for value in values.values())


def _rows(form: type[forms.Form], limit: int) -> Any:
    return forms.formset_factory(
        form, extra=0, max_num=limit, validate_max=True, absolute_max=limit
    )


TierRows, RuleRows = _rows(TierForm, MAX_TIERS), _rows(RuleForm, MAX_RULES)


class TermsRows:
    """The rows of tiers and rules that belong to a TermsForm."""

    def __init__(self, data: QueryDict | None, *, terms: Terms | None, currency: str) -> None:
        self.wants_more = bool(data) and any(name in (data or {}) for name in MORE_ROWS)
        shown = _counted(data) if data else None
        self.tiers = TierRows(
            shown, prefix="tiers", initial=[] if data else _tier_rows(terms, currency)
        )
        self.rules = RuleRows(
            shown, prefix="rules", initial=[] if data else _rule_rows(terms, currency)
        )

    @property
    def may_add_tier(self) -> bool:
        return len(self.tiers) < MAX_TIERS

    @property
    def may_add_rule(self) -> bool:
        return len(self.rules) < MAX_RULES

    @property
    def is_any(self) -> bool:
        """Whether there is a tier or a rule, or somebody asked for a row."""
        return self.wants_more or any(
            row.has_changed() if row.is_bound else row.initial for row in (*self.tiers, *self.rules)
        )

    @property
    def has_errors(self) -> bool:
        both = (self.tiers, self.rules)
        return any(rows.is_bound and (rows.non_form_errors() or any(rows.errors)) for rows in both)

    def values(self, form: TermsForm) -> TermsValues | None:
        """Return the whole structure; None if a row is invalid. `form` must be valid."""
        values = form.terms_values
        if not (self.tiers.is_valid() and self.rules.is_valid()):
            return None
        tiers = [row.tier(by=values.tier_by, currency=form.chosen_currency) for row in self.tiers]
        rules = [row.rule(currency=form.chosen_currency) for row in self.rules]
        if any(row.errors for row in (*self.tiers, *self.rules)):
            return None
        return replace(values, tiers=tuple(filter(None, tiers)), rules=tuple(filter(None, rules)))


def terms_initial(terms: Terms, currency: str) -> dict[str, Any]:
    """Return the form's initial values for existing terms."""
    return {
        "percent": terms.percent_bp,
        "fixed": _plain(terms.fixed_minor, currency),
        "fixed_after_refund": terms.fixed_after_refund,
        "per_click": _plain(terms.per_click_minor, currency),
        "cap": _plain(terms.cap_minor or 0, currency),
        "cap_period": terms.cap_period,
        "tier_by": terms.tier_by,
        "tier_period": terms.tier_period,
        "hold_days": terms.hold_days,
        "approval": terms.approval,
    }


def _counted(data: QueryDict) -> QueryDict:
    """Return the posted data, with one more empty row if a button asked for it."""
    more = data.copy()
    for prefix in MORE_ROWS.values():
        more.setdefault(f"{prefix}-TOTAL_FORMS", "0")
        more.setdefault(f"{prefix}-INITIAL_FORMS", "0")
    for button, prefix in MORE_ROWS.items():
        total = data.get(f"{prefix}-TOTAL_FORMS", "")
        if button in data and total.isdecimal() and len(total) <= MAX_DIGITS_OF_TOTAL:
            more[f"{prefix}-TOTAL_FORMS"] = str(int(total) + 1)
    return more


def _tier_rows(terms: Terms | None, currency: str) -> list[Mapping[str, Any]]:
    """Return the existing tiers and an empty row."""
    rows: list[Mapping[str, Any]] = [
        {
            "name": tier.name,
            "threshold": str(tier.threshold)
            if terms and terms.tier_by == TierBy.CONVERSIONS
            else _plain(tier.threshold, currency),
            "percent": tier.percent_bp,
            "fixed": _plain(tier.fixed_minor, currency),
        }
        for tier in (terms.tier_list if terms else ())
    ]
    return [*rows, {}][:MAX_TIERS]


def _rule_rows(terms: Terms | None, currency: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for rule in terms.rule_list if terms else ():
        of_customer = rule.kind == RuleKind.CUSTOMER
        rows.append(
            {
                "kind": rule.value if of_customer else rule.kind.value,
                "value": "" if of_customer else rule.value,
                "percent": plain_percent(rule.percent_bp),
                "fixed": _plain(rule.fixed_minor, currency),
            }
        )
    return [*rows, {}][:MAX_RULES]


def _plain(minor: int, currency: str) -> str:
    return Money(minor, currency).plain() if minor else ""
