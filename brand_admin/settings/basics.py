"""Currency and time zone, until the first order."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.money import currencies_in_use
from tracking.orders.brand_basics import BasicsError, are_basics_open, change_basics


class BasicsForm(forms.Form):
    """The currency and the time zone of the brand."""

    currency = forms.ChoiceField(help_text="New offers begin with it; each can have another.")
    time_zone = forms.ChoiceField(help_text="It decides when a day of your reports begins.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currencies = [(code, f"{code} \u00b7 {name}") for code, name in currencies_in_use()]
        zones = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def brand_basics(request: BrandRequest) -> HttpResponse:
    """Change both while the brand has no order; afterwards say that they are fixed."""
    brand = request.brand
    form = BasicsForm(
        request.POST if request.method == "POST" else None,
        initial={"currency": brand.currency, "time_zone": brand.time_zone},
    )
    if form.is_bound and form.is_valid():
        try:
            change_basics(brand=brand, **form.cleaned_data, by=request.actor, now=timezone.now())
        except BasicsError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "Currency and time zone are saved.")
            return redirect("brand_admin:settings", brand.slug)
    return render_page(
        request,
        "brand_admin/settings/basics.html",
        section="settings",
        status=422 if form.errors else 200,
        form=form,
        is_open=are_basics_open(),
    )
