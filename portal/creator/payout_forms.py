"""Forms for payout details: first method and country, then the account of that country."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.form_fields import OneLineField
from core.text import MAX_ADDRESS_LENGTH
from payouts.destinations import (
    MAX_HOLDER_LENGTH,
    MAX_TAX_ID_LENGTH,
    BankScheme,
    Destination,
    DestinationError,
    bank_account,
    paypal_account,
    scheme_of,
)
from payouts.models import PayoutMethod
from portal.creator.countries import countries

PROBLEMS = {
    ("iban", "no_iban"): _("An IBAN begins with two letters and two digits, such as DE89…"),
    ("iban", "length"): _("IBANs of this country have another length. Is a digit missing?"),
    ("iban", "check"): _("This IBAN can't be right: its check digits don't fit. Is there a typo?"),
    ("bic", "no_bic"): _("A BIC has 8 or 11 letters and digits, such as DEUTDEFF"),
    ("bank_code", "digits"): _("A sort code has six digits"),
    ("bank_code", "check"): _("This routing number can't be right. Is there a typo?"),
    ("account_number", "digits"): _("That is not an account number of this country"),
    ("account_number", "account"): _("An account number has 4 to 34 letters and digits"),
    ("holder", "missing"): _("Whose account is it?"),
    ("holder", "words"): _("This is too long, or has characters that banks do not accept"),
    ("paypal", "address"): _("That is not an email address"),
    ("tax_id", "words"): _("This is too long, or has characters that are not allowed"),
}
ROUTING_DIGITS = _("A routing number has nine digits")


class ChooseForm(forms.Form):
    """A payout method and the country of the account."""

    method = forms.ChoiceField(
        label=_("How do you want to be paid?"),
        choices=PayoutMethod.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one")},
    )
    country = forms.ChoiceField(
        label=_("In which country is the account?"),
        error_messages={
            "required": _("Choose a country"),
            "invalid_choice": _("Choose a country from the list"),
        },
    )

    def __init__(self, data: QueryDict | None, *, current: Destination | None) -> None:
        initial = {
            "method": current.method if current else PayoutMethod.BANK,
            "country": current.country if current else "",
        }
        super().__init__(data, initial=initial)
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("", _("Choose…")), *countries()]


class DestinationForm(forms.Form):
    """The fields of an account. `destination` is set when the form is valid."""

    destination: Destination

    holder = OneLineField(
        label=_("Account holder"),
        max_length=MAX_HOLDER_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("Exactly as the bank has it. With a different name, payments are returned."),
        error_messages={"required": PROBLEMS["holder", "missing"]},
    )
    tax_id = OneLineField(
        label=_("Tax or VAT number"),
        required=False,
        max_length=MAX_TAX_ID_LENGTH,
        help_text=_("Some brands need it for their accounts. Brands that you share with see it."),
    )

    def __init__(self, data: QueryDict | None, *, country: str, initial: dict[str, str]) -> None:
        self.country = country
        super().__init__(data, initial=initial)
        self.order_fields(["iban", "bank_code", "account_number", "bic", "paypal", "holder"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            account = {name: str(values[name]) for name in values if name != "share_with"}
            self.destination = self.read(account)
        except DestinationError as error:
            self.add_error(error.field, self.problem(error))
        return values

    def read(self, values: dict[str, str]) -> Destination:
        return bank_account(country=self.country, **values)

    def problem(self, error: DestinationError) -> Any:
        return PROBLEMS[error.field, error.code]


def _account(label: Any, **attributes: str) -> forms.CharField:
    """A field for account numbers, which browsers must not remember or correct."""
    plain = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
    return forms.CharField(
        label=label,
        max_length=60,
        widget=forms.TextInput(attrs={**plain, **attributes}),
        error_messages={"required": _("This is missing")},
    )


class IbanForm(DestinationForm):
    iban = _account("IBAN")


class UkForm(DestinationForm):
    bank_code = _account(_("Sort code"), inputmode="numeric")
    account_number = _account(_("Account number"), inputmode="numeric")


class UsForm(DestinationForm):
    bank_code = _account(_("Routing number (ABA)"), inputmode="numeric")
    account_number = _account(_("Account number"), inputmode="numeric")

    def problem(self, error: DestinationError) -> Any:
        if (error.field, error.code) == ("bank_code", "digits"):
            return ROUTING_DIGITS
        return super().problem(error)


class OtherBankForm(DestinationForm):
    account_number = _account(_("Account number"))
    bic = _account(_("The bank's BIC (SWIFT code)"))


class PayPalForm(DestinationForm):
    paypal = forms.EmailField(
        label=_("PayPal address"),
        max_length=MAX_ADDRESS_LENGTH,
        help_text=_("The email address of your PayPal account."),
        error_messages={
            "required": _("This is missing"),
            "invalid": PROBLEMS["paypal", "address"],
        },
    )

    def __init__(self, data: QueryDict | None, *, country: str, initial: dict[str, str]) -> None:
        super().__init__(data, country=country, initial=initial)
        self.fields["holder"].help_text = _("The name of the PayPal account.")

    def read(self, values: dict[str, str]) -> Destination:
        return paypal_account(country=self.country, **values)


SCHEMES: dict[BankScheme, type[DestinationForm]] = {
    BankScheme.IBAN: IbanForm,
    BankScheme.UK: UkForm,
    BankScheme.US: UsForm,
    BankScheme.OTHER: OtherBankForm,
}


def form_for(
    method: PayoutMethod,
    country: str,
    data: QueryDict | None,
    *,
    current: Destination | None,
    brands: Sequence[tuple[str, str]] = (),
) -> DestinationForm:
    """Return the form for a method and country. It never shows the current account number.

    `brands` are slugs and names. The form asks which of them may see the details, and none is
    selected at first.
    """
    initial = {"holder": current.holder, "tax_id": current.tax_id} if current else {}
    kind = PayPalForm if method == PayoutMethod.PAYPAL else SCHEMES[scheme_of(country)]
    form = kind(data, country=country, initial=initial)
    if brands:
        form.fields["share_with"] = forms.MultipleChoiceField(
            label=_("Which brands may see these details, to make the payments that wait?"),
            choices=brands,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("A brand can pay you only after you share the details with it."),
        )
    return form
