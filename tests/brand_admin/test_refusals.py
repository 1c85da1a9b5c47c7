"""What a service refuses is shown as a sentence, where it belongs."""

from __future__ import annotations

import re

import pytest
from django import forms

from affiliates.services import MemberError
from brand_admin.refusals import add_refusal
from core.money import UnknownCurrencyError
from core.text import sentence
from offers.terms import OfferError
from payouts.services import PayoutError
from tests.architecture.source import modules, relative


class Asked(forms.Form):
    email = forms.CharField(required=False)
    currency = forms.CharField(required=False)
    starts_on = forms.DateField(required=False)


@pytest.mark.parametrize(
    ("error", "field", "text"),
    [
        (MemberError("email", "is taken"), "email", "Is taken."),
        (MemberError("first_name", "is missing"), "__all__", "Is missing."),
        (OfferError("starts_at", "It ends before it begins."), "starts_on", "It ends before"),
        (UnknownCurrencyError("'XYZ' is not a currency"), "currency", "'XYZ' is not a currency."),
        (PayoutError("12.50 GBP are due to Mara"), "__all__", "12.50 GBP are due to Mara."),
    ],
)
def test_an_error_stands_at_the_field_it_names(error: Exception, field: str, text: str) -> None:
    form = Asked({})

    add_refusal(form, error)

    assert list(form.errors) == [field]
    assert str(form.errors[field][0]).startswith(text)


def test_a_form_may_call_the_field_otherwise() -> None:
    form = Asked({})

    add_refusal(form, PayoutError("no such address"), field="email")

    assert form.errors == {"email": ["No such address."]}


@pytest.mark.parametrize("text", ["is USD.", "is USD", "Is USD?"])
def test_a_sentence_has_one_capital_more_and_one_full_stop(text: str) -> None:
    assert sentence(text) in {"Is USD.", "Is USD?"}


def test_an_address_that_begins_a_sentence_stays_as_it_is() -> None:
    assert sentence("ines@juniper.example is owner") == "ines@juniper.example is owner."


def test_no_view_words_an_error_in_its_own_way() -> None:
    own_way = re.compile(r"str\(error\)\.cap|capfirst\(str\(error|add_error\([^)]*str\(error\)")

    found = [
        relative(path)
        for path in modules()
        if relative(path).startswith("brand_admin/")
        and relative(path) != "brand_admin/refusals.py"
        and own_way.search(path.read_text())
    ]

    assert found == []
