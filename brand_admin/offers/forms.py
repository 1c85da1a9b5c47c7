"""Forms for an offer and its first terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from brand_admin.offers.fields import DomainsField
from brand_admin.offers.terms_forms import DAY, TermsForm
from brand_admin.versioned import VersionedForm
from core.form_fields import OneLineField
from core.money import currencies_in_use
from core.templatetags.display import day as shown_day
from core.text import sentence
from offers.fields import TOO_FAR, PatternError, is_too_far, read_code_pattern
from offers.models import MAX_CUSTOMER_DAYS, Offer, OfferKind, OfferStatus
from offers.selectors import offers_named
from offers.utm import UtmError, read_template
from offers.values import OfferValues

USUAL_HOLD_DAYS = 14  # of a new offer: most returns come within two weeks
FOLDS = {  # the folded parts of the form, and their fields
    "counting": {
        "code_pattern", "click_window_days", "starts_on", "ends_on", "remembers_customers",
        "customer_window_days",
    },
    "links": {"deep_links_allowed", "own_slugs_allowed", "allowed_domains", "utm_template"},
    "note": {"description"},
}  # fmt: skip


class OfferFilters(forms.Form):
    """The filters of the list."""

    status = forms.ChoiceField(
        choices=[("", "In use"), *OfferStatus.choices, ("all", "All")], required=False
    )
    kind = forms.ChoiceField(choices=[("", "All"), *OfferKind.choices], required=False)

    def chosen(self) -> tuple[str, str]:
        """Return status and kind; ignore invalid values."""
        self.is_valid()
        return self.cleaned_data.get("status", ""), self.cleaned_data.get("kind", "")


class OfferForm(forms.Form):
    """The fields of an offer that can be changed later."""

    name = OneLineField(max_length=120, help_text="Members see this name.")
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
    own_slugs_allowed = forms.BooleanField(
        label="Members may choose the end of their links",
        required=False,
        initial=True,
        help_text="Such as /mara. Your team may always do so.",
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
    customer_window_days = forms.IntegerField(
        label="Remember them for",
        min_value=1,
        max_value=MAX_CUSTOMER_DAYS,
        initial=365,
        help_text="Counted from the order that brought the customer.",
    )
    starts_on = forms.DateField(
        label="First day",
        required=False,
        widget=DAY,
        help_text="Orders placed before this day don't count. Leave it empty to begin at once.",
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

    utm_template = forms.CharField(
        label="UTM template",
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "utm_source=tributary&utm_content={creator_name}",
            }
        ),
        help_text="Added to the address when somebody follows a tracking link; what the address has"
        " already stays. {creator_name}, {member_id}, {offer_name}, {project_name} and {brand_name}"
        " are filled in.",
    )

    @property
    def folds(self) -> dict[str, bool]:
        """Which folded parts of the form are open: those with a field that was refused."""
        return {part: bool(self.errors.keys() & names) for part, names in FOLDS.items()}

    def clean_utm_template(self) -> str:
        try:
            return read_template(self.cleaned_data["utm_template"])
        except UtmError as error:
            raise ValidationError(sentence(error)) from error

    def clean_code_pattern(self) -> str:
        try:
            return read_code_pattern(self.cleaned_data["code_pattern"])
        except PatternError as error:
            raise ValidationError(str(error)) from error

    def clean_starts_on(self) -> Any:
        day = self.cleaned_data["starts_on"]
        if day is not None and is_too_far(day):
            raise ValidationError(sentence(TOO_FAR))
        return day

    def clean_ends_on(self) -> Any:
        day = self.cleaned_data["ends_on"]
        if day is not None and is_too_far(day):
            raise ValidationError(sentence(TOO_FAR))
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
            own_slugs_allowed=values["own_slugs_allowed"],
            click_window_days=values["click_window_days"],
            remembers_customers=values["remembers_customers"],
            customer_window_days=values["customer_window_days"],
            code_pattern=values["code_pattern"],
            utm_template=values["utm_template"],
            starts_at=self._starts_at(),
            ends_at=self._ends_at(),
        )

    def _starts_at(self) -> datetime | None:
        """The midnight before the first day, in the brand's time zone."""
        day = self.cleaned_data["starts_on"]
        if day is None:
            return None
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())

    def _ends_at(self) -> datetime | None:
        """The midnight after the last day, in the brand's time zone."""
        last_day = self.cleaned_data["ends_on"]
        if last_day is None:
            return None
        after = last_day + timedelta(days=1)
        return datetime.combine(after, time.min, tzinfo=timezone.get_current_timezone())


class EditOfferForm(OfferForm, VersionedForm):
    """Changes to an offer, with the version that the person saw."""

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
    add_anyway = forms.BooleanField(label="Add it anyway", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [(code, f"{code} · {name}") for code, name in currencies_in_use()]
        self.fields["currency"].choices = shown  # type: ignore[attr-defined]
        self.initial.setdefault("currency", self.own_currency)
        self.initial.setdefault("hold_days", USUAL_HOLD_DAYS)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        unusual = [*_over(values), *_alike(values)]
        if unusual and not values.get("add_anyway"):
            self.add_error("add_anyway", ValidationError([*unusual, "Tick this if you mean it."]))
        return values


def _over(values: dict[str, Any]) -> Iterator[str]:
    last_day = values.get("ends_on")
    if last_day is not None and last_day < timezone.localdate():
        yield f"The last day, {shown_day(last_day)}, is over: no new order will count."


def _alike(values: dict[str, Any]) -> Iterator[str]:
    name = values.get("name")
    found = offers_named(name).first() if name else None
    if found is not None and found.name != name:  # the same name is refused
        yield f"There is an offer called {found.name} already."


def offer_initial(offer: Offer) -> dict[str, Any]:
    """Return the form's initial values for an existing offer."""
    names = (
        "name", "description", "kind", "destination_url", "deep_links_allowed",
        "own_slugs_allowed",
        "allowed_domains", "click_window_days", "remembers_customers",
        "customer_window_days", "code_pattern", "utm_template",
    )  # fmt: skip
    return {name: getattr(offer, name) for name in names} | {
        "starts_on": timezone.localtime(offer.starts_at).date() if offer.starts_at else None,
        "ends_on": last_day_of(offer),
    }


def last_day_of(offer: Offer) -> Any:
    """Return the last day that counts, in the brand's time zone; None if the offer has no end."""
    if offer.ends_at is None:
        return None
    return timezone.localtime(offer.ends_at - timedelta(microseconds=1)).date()
