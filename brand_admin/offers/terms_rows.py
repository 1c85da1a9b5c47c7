"""The rows of tiers and rules in the forms for an offer's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from brand_admin.amounts import AmountField, PercentField, read_amount
from brand_admin.offers.terms_forms import TermsForm, plain_amount
from core.form_fields import OneLineField
from core.money import plain_percent
from offers.models import Terms
from offers.structure import MAX_RULES, MAX_TIERS, Customer, Rule, RuleKind, Tier, TierBy
from offers.terms import MAX_RULE_VALUE_LENGTH, TermsValues

NEW, RETURNING = Customer.NEW.value, Customer.RETURNING.value
RULE_KINDS = [
    ("", "No rule"),
    (RuleKind.PRODUCT.value, "Product (SKU)"),
    (RuleKind.COLLECTION.value, "Collection"),
    (RuleKind.CODE.value, "Promo code"),
    (NEW, "New customers"),
    (RETURNING, "Returning customers"),
]
MAX_NAMED = 3  # tiers or rules that a folded part names
MAX_DIGITS_OF_TOTAL = 4  # Python reads no number of thousands of digits
MORE_ROWS = {"more_tiers": "tiers", "more_rules": "rules"}  # the buttons that add an empty row
LIMITS = {"tiers": MAX_TIERS, "rules": MAX_RULES}


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
        asked = (prefix for name, prefix in MORE_ROWS.items() if name in (data or {}))
        self.wanted = next(asked, "")
        self.refused = ""  # "tiers" or "rules", if they don't go together
        shown = _counted(data) if data else None
        self.tiers = TierRows(
            shown, prefix="tiers", initial=[] if data else _tier_rows(terms, currency)
        )
        self.rules = RuleRows(
            shown, prefix="rules", initial=[] if data else _rule_rows(terms, currency)
        )

    @property
    def wants_more(self) -> bool:
        """Whether somebody asked for one more row."""
        return bool(self.wanted)

    @property
    def may_add_tier(self) -> bool:
        return len(self.tiers) < MAX_TIERS

    @property
    def may_add_rule(self) -> bool:
        return len(self.rules) < MAX_RULES

    @property
    def named_tiers(self) -> str:
        """The names of the tiers, as the folded part says them."""
        names = ((row["name"].value() or "").strip() for row in self.tiers)
        return _few([name for name in names if name])

    @property
    def named_rules(self) -> str:
        """What the rules are for, as the folded part says it."""
        kinds = {kind: label for kind, label in RULE_KINDS if kind}
        said = [(row["kind"].value(), row["value"].value() or "") for row in self.rules]
        return _few(
            [
                kinds[kind] if kind in {NEW, RETURNING} else f"{kinds[kind]} {value}".strip()
                for kind, value in said
                if kind in kinds
            ]
        )

    @property
    def opens_tiers(self) -> bool:
        """Whether a tier was refused, or somebody asked for a row."""
        return "tiers" in (self.wanted, self.refused) or _is_refused(self.tiers)

    @property
    def opens_rules(self) -> bool:
        return "rules" in (self.wanted, self.refused) or _is_refused(self.rules)

    @property
    def refusal(self) -> str:
        """Which part to look at, as the form says it above its fields."""
        refused = {"Tiers": _is_refused(self.tiers), "Rules": _is_refused(self.rules)}
        return f"Please check the {' and '.join(name for name, is_so in refused.items() if is_so)}."

    @property
    def has_errors(self) -> bool:
        return _is_refused(self.tiers) or _is_refused(self.rules)

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


def _few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_refused(rows: Any) -> bool:
    return bool(rows.is_bound and (rows.non_form_errors() or any(rows.errors)))


def _counted(data: QueryDict) -> QueryDict:
    """Return the posted data, with one more empty row if a button asked for it."""
    more = data.copy()
    for prefix in MORE_ROWS.values():
        more.setdefault(f"{prefix}-TOTAL_FORMS", "0")
        more.setdefault(f"{prefix}-INITIAL_FORMS", "0")
    for button, prefix in MORE_ROWS.items():
        total = data.get(f"{prefix}-TOTAL_FORMS", "")
        if button in data and total.isdecimal() and len(total) <= MAX_DIGITS_OF_TOTAL:
            more[f"{prefix}-TOTAL_FORMS"] = str(min(int(total) + 1, LIMITS[prefix]))
    return more


def _tier_rows(terms: Terms | None, currency: str) -> list[Mapping[str, Any]]:
    """Return the existing tiers and an empty row."""
    rows: list[Mapping[str, Any]] = [
        {
            "name": tier.name,
            "threshold": str(tier.threshold)
            if terms and terms.tier_by == TierBy.CONVERSIONS
            else plain_amount(tier.threshold, currency),
            "percent": tier.percent_bp,
            "fixed": plain_amount(tier.fixed_minor, currency),
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
                "fixed": plain_amount(rule.fixed_minor, currency),
            }
        )
    return [*rows, {}][:MAX_RULES]
