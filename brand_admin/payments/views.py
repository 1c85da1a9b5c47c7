"""Record payments, and mark them as paid, failed or cancelled. The lists are in `lists`."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.views import show_list
from brand_admin.pages import csv_response, id_in, render_page
from brand_admin.payments.forms import (
    AdjustmentForm,
    DueQueryForm,
    RecordPaymentForm,
    ReturnPaymentForm,
)
from brand_admin.payments.lists import ChosenEnrollment
from brand_admin.payments.run_forms import MarkPaidForm
from brand_admin.refusals import add_refusal
from core.money import Money
from core.references import Reference
from core.templatetags.display import clock, day, money
from offers.models import Enrollment
from payouts.details import details_by_member
from payouts.ledger import due_entries
from payouts.models import OPEN_STATES, LedgerEntry, Payout, PayoutRun, PayoutState
from payouts.selectors import payout_of, payouts, seen_of_payment
from payouts.services import (
    COME_BACK,
    DueChangedError,
    OtherStateError,
    PayoutError,
    adjust,
    mark_paid,
    record_payment,
    return_payment,
)
from tracking.figures.statements import statement_of, statement_rows, with_conversions

SECTION = "payments"
MAX_SHOWN_ENTRIES = 2_000  # in one payment, corrections and then the oldest: what a person can read


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def payment_new(request: BrandRequest) -> HttpResponse:
    """Show exactly the entries that a payment to one member would pay; on POST, record it."""
    asked = DueQueryForm(request.GET)
    if not asked.is_valid():
        return redirect("brand_admin:payments", request.brand.slug)
    currency, now = asked.cleaned_data["currency"], timezone.now()
    member = get_object_or_404(Member, pk=asked.cleaned_data["member"])
    form = RecordPaymentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        payout = _record(request, form, member=member, currency=currency, now=now)
        if payout is not None:
            return redirect("brand_admin:payment", request.brand.slug, payout.pk)
    due = due_entries(member_id=member.pk, currency=currency, now=now)
    return _show_due(request, form, list(due[: MAX_SHOWN_ENTRIES + 1]), member, currency)


def _record(
    request: BrandRequest, form: RecordPaymentForm, *, member: Member, currency: str, now: datetime
) -> Payout | None:
    """Record the payment, or find that these entries are paid already; None with a form error."""
    entry_ids = form.cleaned_data["entries"]
    try:
        payout = record_payment(
            member=member,
            currency=currency,
            entry_ids=entry_ids,
            reference=form.cleaned_data["reference"],
            by=request.actor,
            now=now,
        )
    except DueChangedError:
        paid = payout_of(entry_ids)
        if paid is not None:
            when = f"{day(paid.created_at)}, {clock(paid.created_at)}"
            messages.info(request, f"Paid already, once: {paid.created_by}, {when}.")
            return paid
        form.add_error(None, "What is due has changed meanwhile. Look at it again, then confirm.")
    except PayoutError as error:
        add_refusal(form, error)
    else:
        messages.success(request, f"{money(payout.amount)} to {member} recorded as paid.")
        return payout
    return None


def _show_due(
    request: BrandRequest,
    form: RecordPaymentForm,
    entries: list[LedgerEntry],
    member: Member,
    currency: str,
) -> HttpResponse:
    shown = entries[:MAX_SHOWN_ENTRIES]
    return render_page(
        request,
        "brand_admin/payments/new.html",
        section=SECTION,
        status=409 if form.errors else 200,
        form=form,
        member=member,
        currency=currency,
        lines=with_conversions(shown),
        is_cut=len(entries) > MAX_SHOWN_ENTRIES,
        entry_ids=",".join(str(entry.pk) for entry in shown),
        amount=Money(sum(entry.amount_minor for entry in shown), currency),
    )


@require_safe
@brand_page(Permission.READ)
def payment_page(request: BrandRequest, payment_id: int) -> HttpResponse:
    """Show a payment with its entries."""
    payout = get_object_or_404(payouts(), pk=payment_id)
    return render_page(
        request,
        "brand_admin/payments/payment.html",
        section=SECTION,
        payout=payout,
        came_back=payout.state in COME_BACK,
        is_open=payout.state in OPEN_STATES,
        paid_to=details_by_member([payout.member]).get(payout.member_id),
        lines=statement_of(payout),
        history=history.lines(history_of(_told_of(payout))),
    )


def _told_of(payout: Payout) -> list[str]:
    """Return the targets whose audit entries tell the payment's history: itself, and its run."""
    run = [Reference.by_id(PayoutRun, payout.run_id)] if payout.run_id else []
    return [Reference.to(payout), *run]


@require_safe
@brand_page(Permission.READ)
def payment_statement(request: BrandRequest, payment_id: int) -> HttpResponseBase:
    """Stream the statement of a payment as CSV."""
    payout = get_object_or_404(payouts().select_related("brand"), pk=payment_id)
    name = f"{request.brand.slug}-payment-{payout.pk}.csv"
    return csv_response(request, name, statement_rows(payout))


@require_safe
@brand_page(Permission.READ)
def payment_statement_pdf(request: BrandRequest, payment_id: int) -> HttpResponse:
    """Respond with the statement of a payment as PDF."""
    from brand_admin.payments.statement_pdf import statement_pdf  # see core.pdf_document

    payout = get_object_or_404(payouts().select_related("brand"), pk=payment_id)
    name = f"{request.brand.slug}-payment-{payout.pk}.pdf"
    return HttpResponse(
        statement_pdf(payout),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def payment_paid(request: BrandRequest, payment_id: int) -> HttpResponse:
    """Mark a payment in processing as paid."""
    payout = get_object_or_404(payouts(), pk=payment_id)
    form = MarkPaidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            payout = mark_paid(
                payout=payout,
                reference=form.cleaned_data["reference"],
                by=request.actor,
                now=timezone.now(),
            )
        except PayoutError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{money(payout.amount)} to {payout.member} is paid.")
            return redirect("brand_admin:payment", request.brand.slug, payout.pk)
    return render_page(
        request,
        "brand_admin/payments/paid.html",
        section=SECTION,
        status=422 if form.errors else 200,
        payout=payout,
        is_over=payout.state not in OPEN_STATES,
        form=form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def payment_return(request: BrandRequest, payment_id: int) -> HttpResponse:
    """Mark a payment failed or cancelled: its entries are due again."""
    payout = get_object_or_404(payouts(), pk=payment_id)
    form, status = ReturnPaymentForm(request.POST if request.method == "POST" else None), 422
    if request.method == "POST" and form.is_valid():
        try:
            payout = return_payment(
                payout=payout,
                state=PayoutState(form.cleaned_data["state"]),
                reason=form.cleaned_data["reason"],
                seen=request.POST.get("seen", ""),
                by=request.actor,
                now=timezone.now(),
            )
        except OtherStateError as error:
            payout, status = payouts().get(pk=payout.pk), 409
            add_refusal(form, error)
        except PayoutError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{money(payout.amount)} to {payout.member} is due again.")
            return redirect("brand_admin:payment", request.brand.slug, payout.pk)
    return render_page(
        request,
        "brand_admin/payments/return.html",
        section=SECTION,
        status=status if form.errors else 200,
        payout=payout,
        seen=seen_of_payment(payout),
        came_back=payout.state in COME_BACK,
        form=form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def adjustment_new(request: BrandRequest) -> HttpResponse:
    """Post a bonus or a correction for a member in an offer."""
    asked = id_in(request.GET.get("enrollment", ""))
    if asked is None:
        return show_list(request, ChosenEnrollment(request))
    enrollment = get_object_or_404(Enrollment.objects.select_related("member", "offer"), pk=asked)
    currency = enrollment.offer.currency
    form = AdjustmentForm(
        request.POST if request.method == "POST" else None,
        currency=currency,
        initial={"confirmation": uuid.uuid4()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            entry = adjust(
                enrollment=enrollment,
                currency=currency,
                amount_minor=form.amount_minor,
                note=form.cleaned_data["note"],
                confirmation=form.cleaned_data["confirmation"],
                by=request.actor,
                now=timezone.now(),
            )
        except PayoutError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{money(entry.amount)} posted for {enrollment.member}.")
            return redirect("brand_admin:payments", request.brand.slug)
    return render_page(
        request,
        "brand_admin/payments/adjust.html",
        section=SECTION,
        status=422 if form.errors else 200,
        enrollment=enrollment,
        form=form,
    )
