"""Write off what a member was paid too much in an offer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.payments.forms import WriteOffForm
from brand_admin.refusals import add_refusal
from core.money import Money
from core.templatetags.display import money
from offers.models import Enrollment
from payouts.ledger import Balance, balances
from payouts.services import PayoutError, write_off

SECTION = "payments"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def debt_write_off(request: BrandRequest, enrollment_id: int) -> HttpResponse:
    """Show the debt of a member in an offer; on POST, write it off with a reason."""
    enrollment = get_object_or_404(
        Enrollment.objects.select_related("member", "offer"), pk=enrollment_id
    )
    now = timezone.now()
    form = WriteOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            entry = write_off(
                enrollment=enrollment,
                debt_minor=form.cleaned_data["debt"],
                note=form.cleaned_data["note"],
                confirmation=form.cleaned_data["confirmation"],
                by=request.actor,
                now=now,
            )
        except PayoutError as error:
            add_refusal(form, error)
        else:
            said = f"{money(entry.amount)} of {enrollment.member} is written off."
            messages.success(request, said)
            return redirect("brand_admin:member", request.brand.slug, enrollment.member_id)
    balance = balances([enrollment.pk], now=now).get(enrollment.pk, Balance())
    return render_page(
        request,
        "brand_admin/payments/write_off.html",
        section=SECTION,
        enrollment=enrollment,
        form=form,
        debt=Money(balance.debt_minor, enrollment.offer.currency),
        confirmation=uuid.uuid4(),
        status=422 if form.errors else 200,
    )
