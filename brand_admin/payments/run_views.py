"""Payout runs: draft, confirm, files for the bank, marking as paid or returned."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from background.models import Work
from background.running import MAX_ROWS_RUN_AT_ONCE
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.choosing import SELECTED_ALL
from brand_admin.listing.list_request import StoredListRequest
from brand_admin.listing.views import show_list
from brand_admin.pages import csv_response, render_page
from brand_admin.payments.due_list import Due
from brand_admin.payments.run_forms import (
    Chosen,
    MarkRunPaidForm,
    NewRunForm,
    ReturnRunForm,
    known_currency,
)
from brand_admin.payments.run_lists import RunMembers
from brand_admin.payments.run_pages import choices_of, facts_of, open_in_words
from brand_admin.refusals import add_refusal
from brand_admin.work_progress import started_about
from core.money import Money
from core.references import Reference
from core.templatetags.display import clock, day, money
from core.text import sentence
from payouts.due import due_by_member
from payouts.models import PayoutRun, PayoutRunMember, PayoutState
from payouts.run_files import bank_rows, paypal_parts, paypal_rows
from payouts.run_work import (
    ask_for_draft,
    ask_for_redraft,
    ask_to_confirm,
    ask_to_mark_paid,
    ask_to_return,
    run_reference,
)
from payouts.runs import (
    NotADraftError,
    OtherDraftError,
    OtherPaymentsError,
    RunChangedError,
    confirm_run,
    discard_draft,
    draft_run,
    mark_run_paid,
    members_in,
    redraft_run,
    return_run,
)
from payouts.selectors import (
    drafted_entries,
    latest_minimum,
    return_summary,
    runs,
    totals_by_state,
)
from payouts.services import PayoutError
from tracking.figures.statements import with_conversions

SECTION = "payments"
MAX_SHOWN_ENTRIES = 2_000  # of one line: what a page can show and a person read


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def run_new(request: BrandRequest) -> HttpResponse:
    """Draft a run for the selected members, or for all members due in one currency."""
    sent = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(request, sent)
    choices = choices_of(due_by_member(now=timezone.now()), chosen)
    currency = known_currency(sent.get("currency", ""))
    if not currency and len(choices) == 1:
        currency = choices[0].total.currency
    choice = next((each for each in choices if each.total.currency == currency), None)
    form = NewRunForm(
        request.POST if request.method == "POST" and currency else None,
        currency=currency,
        initial={
            "minimum": _minimum(request, currency).plain() if currency else "",
            "confirmation": uuid.uuid4(),
        },
    )
    if form.is_bound and form.is_valid():
        run = _draft(request, form, chosen, members=choice.members if choice else 0)
        if run is not None:
            return redirect("brand_admin:payment_run", request.brand.slug, run.pk)
    return render_page(
        request,
        "brand_admin/payments/run_new.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        chosen=chosen,
        choices=choices,
        choice=choice,
    )


def _chosen(request: BrandRequest, sent: QueryDict) -> Chosen:
    """Return the checked members, or all that the list of amounts due shows for this search."""
    if not sent.get(SELECTED_ALL):
        return Chosen.of(sent.getlist("selected"))
    due = Due(StoredListRequest(request.brand, sent))
    if not due.search:
        return Chosen(())
    picks = tuple((row.member_id, row.currency) for row in due.find())
    return Chosen(picks, search=due.search)


def _minimum(request: BrandRequest, currency: str) -> Money:
    """Return the proposed minimum: the brand's in its own currency, else that of the last run."""
    if currency == request.brand.currency:
        return Money(request.brand.minimum_payout_minor, currency)
    return Money(latest_minimum(currency), currency)


def _draft(
    request: BrandRequest, form: NewRunForm, chosen: Chosen, *, members: int
) -> PayoutRun | None:
    """Draft the run. For many members a worker does it, and the run's page shows the progress."""
    draft = ask_for_draft if members > MAX_ROWS_RUN_AT_ONCE else draft_run
    try:
        return draft(
            currency=form.currency,
            member_ids=chosen.members(form.currency),
            minimum_minor=form.cleaned_data["minimum"].minor,
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=timezone.now(),
        )
    except PayoutError as error:
        add_refusal(form, error)
    return None


@require_safe
@brand_page(Permission.READ)
def run_page(request: BrandRequest, run_id: int) -> HttpResponse:
    """Show a run: the members that it pays or leaves out, and the next step."""
    return _show(request, get_object_or_404(runs(), pk=run_id))


def _show(
    request: BrandRequest,
    run: PayoutRun,
    *,
    changed: RunChangedError | None = None,
    is_other_draft: bool = False,
    form: MarkRunPaidForm | None = None,
) -> HttpResponse:
    started = started_about(run_reference(run))
    if request.htmx and not started.is_live:
        return HttpResponseClientRefresh()  # the work has ended: load the whole page
    listing = RunMembers(request, run_id=run.pk)
    return show_list(
        request,
        listing,
        status=409 if changed or is_other_draft or (form and form.errors) else 200,
        run=run,
        facts=facts_of(run),
        shows_left_out=listing.left_out,
        form=form or MarkRunPaidForm(),
        changed=changed.members if changed else [],
        is_other_draft=is_other_draft,
        started=started,
        heading=f"Payout run of {money(run.amount)}" if run.drawn_up_at else "Payout run",
        history=history.lines(history_of([Reference.to(run)])),
    )


@require_safe
@brand_page(Permission.READ)
def run_line(request: BrandRequest, run_id: int, line_id: int) -> HttpResponse:
    """Show exactly the entries that a draft would pay to one member."""
    line = get_object_or_404(
        PayoutRunMember.objects.select_related("run", "member"), pk=line_id, run=run_id
    )
    entries = list(drafted_entries(line)[: MAX_SHOWN_ENTRIES + 1])
    return render_page(
        request,
        "brand_admin/payments/run_line.html",
        section=SECTION,
        run=line.run,
        line=line,
        amount=Money(line.due_minor, line.run.currency),
        lines=with_conversions(entries[:MAX_SHOWN_ENTRIES]),
        is_cut=len(entries) > MAX_SHOWN_ENTRIES,
    )


@require_POST
@brand_page(Permission.PAY)
def run_confirm(request: BrandRequest, run_id: int) -> HttpResponse:
    """Make the payments of the draft that the page showed.

    A second confirmation gets a message and pays nothing.
    """
    run = get_object_or_404(runs(), pk=run_id)
    seen = request.POST.get("seen", "")
    try:
        if run.payments > MAX_ROWS_RUN_AT_ONCE:
            return _leave_to_a_worker(request, run, ask_to_confirm, seen=seen)
        run = confirm_run(run=run, seen=seen, by=request.actor, now=timezone.now())
    except OtherDraftError:
        return _show(request, runs().get(pk=run.pk), is_other_draft=True)
    except RunChangedError as error:
        return _show(request, run, changed=error)
    except NotADraftError:
        run = runs().get(pk=run.pk)
        if run.confirmed_at is None:
            messages.info(request, "This run was discarded: nothing was paid.")
        else:
            when = f"{day(run.confirmed_at)}, {clock(run.confirmed_at)}"
            messages.info(request, f"Confirmed already, once: {run.confirmed_by}, {when}.")
    else:
        totals = totals_by_state(run)
        told = open_in_words({state: total.payments for state, total in totals.items()})
        messages.success(request, f"The run is confirmed: {told}.")
    return redirect("brand_admin:payment_run", request.brand.slug, run.pk)


@require_POST
@brand_page(Permission.PAY)
def run_redraft(request: BrandRequest, run_id: int) -> HttpResponse:
    """Draft the run again with what its members are due now."""
    run = get_object_or_404(runs(), pk=run_id)
    if members_in(run) > MAX_ROWS_RUN_AT_ONCE:
        return _leave_to_a_worker(request, run, ask_for_redraft)
    return _change_draft(request, run, redraft_run, "Drafted again from what is due now.")


@require_POST
@brand_page(Permission.PAY)
def run_discard(request: BrandRequest, run_id: int) -> HttpResponse:
    """Discard a draft. Nothing is paid."""
    run = get_object_or_404(runs(), pk=run_id)
    return _change_draft(request, run, discard_draft, "Discarded. Everything in it stays due.")


def _leave_to_a_worker(
    request: BrandRequest, run: PayoutRun, ask: Callable[..., Work], **told: object
) -> HttpResponse:
    """Let a worker do it; the run's page shows the progress.

    Raises OtherDraftError and OtherPaymentsError: the view shows what is there now.
    """
    try:
        ask(run=run, by=request.actor, now=timezone.now(), **told)
    except (OtherDraftError, OtherPaymentsError):
        raise
    except PayoutError as error:
        messages.info(request, sentence(error))
    return redirect("brand_admin:payment_run", request.brand.slug, run.pk)


def _change_draft(
    request: BrandRequest, run: PayoutRun, change: Callable[..., PayoutRun], told: str
) -> HttpResponse:
    try:
        change(run=run, by=request.actor, now=timezone.now())
    except PayoutError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, told)
    return redirect("brand_admin:payment_run", request.brand.slug, run.pk)


@require_POST
@brand_page(Permission.PAY)
def run_paid(request: BrandRequest, run_id: int) -> HttpResponse:
    """Mark the payments as paid that the page showed as on the way."""
    run = get_object_or_404(runs(), pk=run_id)
    form = MarkRunPaidForm(request.POST)
    if form.is_valid() and run.payments > MAX_ROWS_RUN_AT_ONCE:
        return _leave_to_a_worker(
            request,
            run,
            ask_to_mark_paid,
            reference=form.cleaned_data["reference"],
            seen=form.cleaned_data["seen"],
        )
    if form.is_valid():
        try:
            run = mark_run_paid(
                run=run,
                reference=form.cleaned_data["reference"],
                seen=form.cleaned_data["seen"],
                by=request.actor,
                now=timezone.now(),
            )
        except PayoutError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "Marked paid.")
            return redirect("brand_admin:payment_run", request.brand.slug, run.pk)
    return _show(request, run, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.PAY)
def run_return(request: BrandRequest, run_id: int) -> HttpResponse:
    """Mark the open payments as failed or cancelled: their money is due again."""
    run = get_object_or_404(runs(), pk=run_id)
    form, status = ReturnRunForm(request.POST if request.method == "POST" else None), 422
    if form.is_bound and form.is_valid():
        told: dict[str, Any] = {
            "state": form.chosen_state,
            "reason": form.cleaned_data["reason"],
            "seen": request.POST.get("seen", ""),
        }
        try:
            if run.payments > MAX_ROWS_RUN_AT_ONCE:
                return _leave_to_a_worker(request, run, ask_to_return, **told)
            run = return_run(run=run, by=request.actor, now=timezone.now(), **told)
        except OtherPaymentsError as error:
            run, status = runs().get(pk=run.pk), 409
            add_refusal(form, error)
        except PayoutError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "The money is due again.")
            return redirect("brand_admin:payment_run", request.brand.slug, run.pk)
    return render_page(
        request,
        "brand_admin/payments/run_return.html",
        section=SECTION,
        status=status if form.errors else 200,
        run=run,
        facts=facts_of(run),
        to_return=return_summary(run),
        is_over=run.state != PayoutState.PROCESSING,
        form=form,
    )


@require_POST
@brand_page(Permission.PAY)
def run_bank_file(request: BrandRequest, run_id: int) -> HttpResponseBase:
    """Stream the payments in processing as CSV for a bank."""
    run = get_object_or_404(runs(), pk=run_id)
    rows = bank_rows(run, by=request.actor, now=timezone.now())
    return csv_response(request, f"{request.brand.slug}-run-{run.pk}-bank.csv", rows)


@require_POST
@brand_page(Permission.PAY)
def run_paypal_file(request: BrandRequest, run_id: int) -> HttpResponseBase:
    """Stream the payments in processing for PayPal Payouts, `part` by `part` of 5,000 rows."""
    run = get_object_or_404(runs(), pk=run_id)
    asked = request.POST.get("part", "1")
    part = int(asked) if asked.isdecimal() and len(asked) < 5 else 1
    parts = paypal_parts(run)
    part = part if part in parts else next(iter(parts), 1)
    name = f"{request.brand.slug}-run-{run.pk}-paypal-{part}.csv"
    rows = paypal_rows(
        run, part=part, note=request.brand.name, by=request.actor, now=timezone.now()
    )
    return csv_response(request, name, rows)
