"""Exchange rates: the list, and the form that takes them line by line, as from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.amounts import read_decimal
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing
from brand_admin.pages import render_page
from core.money import MoneyError, exponent
from core.templatetags.display import count, day
from tracking.models import ExchangeRate
from tracking.orders.exchange import DatedRate, exchange_rates, plain_rate, save_rates

MAX_LINES = 2_000
MAX_RATE = Decimal(10**9)
SEPARATORS = re.compile(r"[\s,;]+")
DECIMAL_PLACES = 9


class ExchangeRates(Listing[ExchangeRate]):
    """The brand's rates, the newest first."""

    name, section = "exchange_rates", "conversions"
    heading = "Exchange rates"
    subtitle = (
        "An order in another currency than the offer's is credited at the rate of its day, or the"
        " newest before it, at most 31 days old."
    )
    label, noun = "Exchange rates", "rates"
    page_name, file_page = "exchange_rates", "exchange_rates_csv"
    template = "brand_admin/conversions/rates.html"
    search_label = "Currency"
    shows_times = False
    default_sort = "-day"
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "Day", lambda row: day(row.day), sort="day", by=("day", "currency", "pk"),
            names_row=True,
        ),
        Column("From", lambda row: row.currency, sort="from", by=("currency", "day", "pk")),
        Column("To", lambda row: row.to),
        Column("Rate", lambda row: plain_rate(row.rate), look="number strong"),
    )  # fmt: skip
    file_columns = {
        "day": lambda row: row.day.isoformat(),
        "from": lambda row: row.currency,
        "to": lambda row: row.to,
        "rate": lambda row: plain_rate(row.rate),
    }
    header_links = (
        PageLink("Add rates", "exchange_rates_new", icon="plus", kind="primary",
                 needs=Permission.MANAGE),
    )  # fmt: skip
    nothing_yet = EmptyState(
        "No rates yet",
        "Add the rates of your books. Then orders in other currencies can be credited.",
        icon="payments",
        links=header_links,
    )
    nothing_matches = EmptyState("No rate matches", "Search for a currency.", icon="search")

    def find(self) -> QuerySet[ExchangeRate]:
        return exchange_rates(search=self.search)

    def row_label(self, row: ExchangeRate) -> str:
        return f"{row.currency} to {row.to} on {row.day}"


class RatesForm(forms.Form):
    """One rate per line: the day, the currency of the order, that of the offer, and the rate."""

    rates = forms.CharField(
        label="Rates, one per line",
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 10, "spellcheck": "false", "placeholder": "2026-11-01 USD GBP 0.7912"}
        ),
        help_text="The day, the order's currency, the offer's currency, and what one is worth of"
        " the other. Columns copied from a spreadsheet work too.",
        error_messages={"required": "Enter at least one rate."},
    )

    def clean_rates(self) -> list[DatedRate]:
        typed = [line.strip() for line in self.cleaned_data["rates"].splitlines()]
        lines = [(number, line) for number, line in enumerate(typed, start=1) if line]
        if len(lines) > MAX_LINES:
            raise forms.ValidationError(f"At most {count(MAX_LINES)} rates at once.")
        rates, problems = [], []
        for number, line in lines:
            try:
                rates.append(_read(line))
            except forms.ValidationError as error:
                problems += [f"Line {number}: {message}" for message in error.messages]
        if problems:
            raise forms.ValidationError(problems[:10])
        return rates


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def new_rates(request: BrandRequest) -> HttpResponse:
    """Add rates; one for a day and currencies that has a rate takes its place."""
    form = RatesForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        saved = save_rates(form.cleaned_data["rates"], by=request.actor, now=timezone.now())
        messages.success(request, f"{count(saved)} rate{'' if saved == 1 else 's'} saved.")
        return redirect("brand_admin:exchange_rates", request.brand.slug)
    return render_page(
        request,
        "brand_admin/conversions/rates_new.html",
        section="conversions",
        status=422 if form.errors else 200,
        form=form,
    )


def _read(line: str) -> DatedRate:
    """Read "2026-11-01 USD GBP 0.7912". Raises ValidationError."""
    parts = SEPARATORS.split(line)
    if len(parts) != 4:
        raise forms.ValidationError("Write four values, like 2026-11-01 USD GBP 0.7912.")
    on, currency, to, rate = parts
    return DatedRate(_day(on), *_currencies(currency.upper(), to.upper()), _rate(rate))


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise forms.ValidationError(f"{text} is no day: write it like 2026-11-01.") from None
    if found > timezone.localdate():
        raise forms.ValidationError(f"{text} is in the future.")
    return found


def _currencies(currency: str, to: str) -> tuple[str, str]:
    for one in (currency, to):
        try:
            exponent(one)
        except MoneyError:
            raise forms.ValidationError(f"{one} is no currency.") from None
    if currency == to:
        raise forms.ValidationError(f"{currency} needs no rate to itself.")
    return currency, to


def _rate(text: str) -> Decimal:
    rate: Any = read_decimal(text)
    if not 0 < rate < MAX_RATE:
        raise forms.ValidationError("The rate must be more than zero.")
    if rate != round(rate, DECIMAL_PLACES):
        raise forms.ValidationError(f"Use at most {DECIMAL_PLACES} decimals.")
    return Decimal(rate)
