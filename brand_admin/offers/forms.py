"""What staff say about an offer and its terms."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst

from brand_admin.offers.fields import DomainsField, PercentField, amount_minor
from brand_admin.versioned import VersionedForm
from core.money import Money, UnknownCurrencyError, currencies_in_use
from offers.models import Approval, Offer, OfferKind, OfferStatus, Terms
from offers.services import OfferError, OfferValues, TermsValues

PLACEHOLDERS = {"{FIRST_NAME}", "{LAST_NAME}", "{OFFER}"}
LAST_YEAR = 9000  # leaves room for time zones and the day after
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OfferFilter(forms.Form):
    """The filters of the list."""

    status = forms.ChoiceField(
        choices=[("", "In use"), *OfferStatus.choices, ("all", "All")], required=False
    )
    kind = forms.ChoiceField(choices=[("", "All"), *OfferKind.choices], required=False)


class TermsForm(forms.Form):
    """A commission structure. `fixed` is read in the currency of the offer."""

    percent = PercentField(
        label="Percent of the sale",
        required=False,
        help_text="Of what was sold after discounts, without tax and shipping.",
    )
    fixed = forms.CharField(
        label="Amount per conversion",
        required=False,
        help_text="On top of the percentage, or instead of it.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
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

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "percent" not in self.errors and values["percent"] is None and not values.get("fixed"):
            self.add_error("percent", "Say a percentage, an amount, or both.")
        try:
            currency = values.get("currency") or self.own_currency
            values["fixed_minor"] = amount_minor(values.get("fixed", ""), currency)
        except ValidationError as error:
            self.add_error("fixed", error)
        return values

    @property
    def terms_values(self) -> TermsValues:
        return TermsValues(
            percent_bp=self.cleaned_data["percent"] or 0,
            fixed_minor=self.cleaned_data["fixed_minor"],
            hold_days=self.cleaned_data["hold_days"],
            approval=self.cleaned_data["approval"],
        )


class NewTermsForm(TermsForm):
    """The next version of an offer's terms."""

    starts_on = forms.DateField(
        label="Applies from",
        required=False,
        widget=DAY,
        help_text="The start of that day. Leave it empty to apply from now on.",
    )

    def clean_starts_on(self) -> Any:
        day = self.cleaned_data["starts_on"]
        if day is not None and day < timezone.localdate():
            raise ValidationError("Terms can't change the past: choose today or a later day.")
        if day is not None and day.year > LAST_YEAR:
            raise ValidationError("That is too far away.")
        return day

    def starts_at(self, now: datetime) -> datetime:
        """The start of the chosen day in the brand's time zone; now for none and for today."""
        day = self.cleaned_data["starts_on"]
        if day is None or day == timezone.localdate(now):
            return now
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


class OfferForm(forms.Form):
    """Everything about an offer that can be changed later."""

    name = forms.CharField(max_length=120, help_text="Members see this name.")
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your team. Members never see it.",
    )
    kind = forms.ChoiceField(
        label="What members share",
        choices=[
            (OfferKind.BOTH, "A promo code and a tracking link"),
            (OfferKind.CODE, "A promo code"),
            (OfferKind.LINK, "A tracking link"),
        ],
        initial=OfferKind.BOTH,
        widget=forms.RadioSelect,
    )
    destination_url = forms.URLField(
        label="Destination",
        max_length=2000,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example.com/collection"}),
        help_text="The page of your shop where tracking links lead.",
    )
    deep_links_allowed = forms.BooleanField(
        label="Members may make deep links",
        required=False,
        initial=True,
        help_text="Tracking links to any page of your shop.",
    )
    allowed_domains = DomainsField(
        label="Extra allowed domains",
        required=False,
        help_text="Deep links may lead there too. One per line; the destination's own is allowed.",
    )
    click_window_days = forms.IntegerField(
        label="Click window",
        min_value=1,
        max_value=365,
        initial=28,
        help_text="How long after a click an order still counts. The last click wins.",
    )
    remembers_customers = forms.BooleanField(
        label="Remember customers",
        required=False,
        help_text="A customer's later orders count for the member who brought them,"
        " even without code or click.",
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        widget=DAY,
        help_text="Orders placed after this day don't count. Links keep leading to your shop.",
    )
    code_pattern = forms.CharField(
        label="Code naming pattern",
        max_length=60,
        initial="{FIRST_NAME}",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="{FIRST_NAME}15 suggests MARA15 for Mara. {LAST_NAME} and {OFFER} work too.",
    )

    def clean_code_pattern(self) -> str:
        pattern: str = self.cleaned_data["code_pattern"].strip().upper()
        unknown = [name for name in re.findall(r"\{[^}]*\}?", pattern) if name not in PLACEHOLDERS]
        if unknown:
            raise ValidationError(
                f"{unknown[0]} is not known. Use {', '.join(sorted(PLACEHOLDERS))}."
            )
        if not re.fullmatch(r"[A-Z0-9_-]*", re.sub(r"\{[A-Z_]+\}", "", pattern)):
            raise ValidationError("A code holds letters, digits, - and _ only.")
        return pattern

    def clean_ends_on(self) -> Any:
        day = self.cleaned_data["ends_on"]
        if day is not None and day.year > LAST_YEAR:
            raise ValidationError("That is too far away.")
        return day

    def offer_values(self, *, currency: str) -> OfferValues:
        values = self.cleaned_data
        return OfferValues(
            name=values["name"],
            description=values["description"],
            kind=values["kind"],
            destination_url=values["destination_url"],
            currency=currency,
            allowed_domains=values["allowed_domains"],
            deep_links_allowed=values["deep_links_allowed"],
            click_window_days=values["click_window_days"],
            remembers_customers=values["remembers_customers"],
            code_pattern=values["code_pattern"],
            ends_at=self._ends_at(),
        )

    def _ends_at(self) -> datetime | None:
        """The midnight after the last day, in the brand's time zone."""
        last_day = self.cleaned_data["ends_on"]
        if last_day is None:
            return None
        after = last_day + timedelta(days=1)
        return datetime.combine(after, time.min, tzinfo=timezone.get_current_timezone())


class EditOfferForm(OfferForm, VersionedForm):
    """What is changed about an offer, by somebody who has seen a version of it."""

    @classmethod
    def of(cls, offer: Offer, data: Any = None) -> EditOfferForm:
        form = cls(data, initial=offer_initial(offer))
        form.remember(offer.version)
        return form


class NewOfferForm(OfferForm, TermsForm):
    """A new offer with the first version of its terms."""

    currency = forms.ChoiceField(
        help_text="Sales, commissions and payments of this offer. It can't change later."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [(code, f"{code} · {name}") for code, name in currencies_in_use()]
        self.fields["currency"].choices = shown  # type: ignore[attr-defined]
        self.initial.setdefault("currency", self.own_currency)


def terms_initial(terms: Terms, currency: str) -> dict[str, Any]:
    """The form as these terms would fill it."""
    fixed = Money(terms.fixed_minor, currency).plain() if terms.fixed_minor else ""
    return {
        "percent": terms.percent_bp,
        "fixed": fixed,
        "hold_days": terms.hold_days,
        "approval": terms.approval,
    }


def offer_initial(offer: Offer) -> dict[str, Any]:
    """The form as this offer would fill it."""
    names = (
        "name", "description", "kind", "destination_url", "deep_links_allowed",
        "allowed_domains", "click_window_days", "remembers_customers", "code_pattern",
    )  # fmt: skip
    return {name: getattr(offer, name) for name in names} | {"ends_on": last_day_of(offer)}


def last_day_of(offer: Offer) -> Any:
    """The last day that counts, in the brand's time zone; None for an offer without an end."""
    if offer.ends_at is None:
        return None
    return timezone.localtime(offer.ends_at - timedelta(microseconds=1)).date()


def add_domain_error(form: forms.Form, error: OfferError | UnknownCurrencyError) -> None:
    """Show what a service refused at the field that it names."""
    field = "currency" if isinstance(error, UnknownCurrencyError) else error.field
    known = {"starts_at": "starts_on"}.get(field, field)
    form.add_error(known if known in form.fields else None, f"{capfirst(str(error))}.")
