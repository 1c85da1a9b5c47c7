"""New terms for an offer: the form, a preview of what they would have paid, saving, withdrawing."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.offers.forms import NewOfferForm
from brand_admin.offers.terms_forms import (
    NewTermsForm,
    TermsForm,
    terms_initial,
)
from brand_admin.offers.terms_rows import MORE_ROWS, TermsRows
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.templatetags.display import count
from core.text import sentence
from offers.models import Offer, Terms
from offers.selectors import TermsHistory, terms_of, withdrawn_terms
from offers.structure import Rate, Tier, falling_tiers
from offers.terms import OfferError, TermsValues, check_terms
from offers.wording import describe_fully, describe_rules, describe_tiers
from tracking.commissions.terms_preview import DAYS, preview_terms
from tracking.outreach.changing_terms import announced, change_terms, withdraw_planned_terms

SECTION = "offers"
NOT_CARRIED = {"csrfmiddlewaretoken", "step", "seen", *MORE_ROWS}


@brand_page(Permission.READ, post=Permission.MANAGE)
def terms_new(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Make the next version of the terms; existing versions never change."""
    offer = get_object_or_404(Offer, pk=offer_id)
    return _terms_page(request, offer, terms_of(offer), replaced=None)


@brand_page(Permission.READ, post=Permission.MANAGE)
def terms_replace(request: BrandRequest, offer_id: int, terms_id: int) -> HttpResponse:
    """Replace a version that has not begun: it is withdrawn when the new one is saved."""
    offer = get_object_or_404(Offer, pk=offer_id)
    history = terms_of(offer)
    planned = _planned(history, terms_id)
    if planned is None:
        return _not_planned(request, offer, history, terms_id)
    return _terms_page(request, offer, history, replaced=planned)


@brand_page(Permission.READ, post=Permission.MANAGE)
def terms_withdraw(request: BrandRequest, offer_id: int, terms_id: int) -> HttpResponse:
    """Show what withdrawing a version does; on POST, do it."""
    offer = get_object_or_404(Offer, pk=offer_id)
    history, now = terms_of(offer), timezone.now()
    planned = _planned(history, terms_id)
    if planned is None:
        return _not_planned(request, offer, history, terms_id)
    if request.method == "POST":
        try:
            told = withdraw_planned_terms(terms=planned, by=request.actor, now=now)
        except OfferError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(
                request, f"Version {planned.version} of the terms is withdrawn.{_mailed(told)}"
            )
        return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    return render_page(
        request,
        "brand_admin/offers/terms_withdraw.html",
        section=SECTION,
        offer=offer,
        planned=planned,
        words=describe_fully(planned, offer.currency),
        instead=describe_fully(history.without(planned).at(planned.starts_at), offer.currency),
        announced=announced(planned),
    )


@require_safe
@brand_page(Permission.READ)
def terms_sentence(request: BrandRequest) -> HttpResponse:
    """Show what members will read of the terms of a new offer as far as they are typed."""
    currency = request.brand.currency
    form = NewOfferForm(request.GET, currency=currency)
    rows = TermsRows(request.GET, terms=None, currency=currency)
    is_refused = bool(form.errors.keys() & TermsForm.base_fields.keys())
    values = None if is_refused else rows.values(form)
    words: dict[str, object] = {}
    if values is not None:
        typed, to = values.as_terms(), form.chosen_currency
        words = {
            "sentence": describe_fully(typed, to),
            "tiers": describe_tiers(typed, to),
            "rules": describe_rules(typed, to),
        }
    return render(request, "brand_admin/offers/sentence.html", words)


def _planned(history: TermsHistory, terms_id: int) -> Terms | None:
    planned = history.planned(timezone.now())
    return next((terms for terms in planned if terms.pk == terms_id), None)


def _not_planned(
    request: BrandRequest, offer: Offer, history: TermsHistory, terms_id: int
) -> HttpResponse:
    """Lead back from the page of a version that began, or was withdrawn, meanwhile."""
    withdrawn = withdrawn_terms(offer).filter(number_as_terms=terms_id)
    known = [*withdrawn, *(terms for terms in history.versions if terms.pk == terms_id)]
    if not known:
        raise Http404
    messages.info(request, f"Version {known[0].version} of the terms is not planned any more.")
    return redirect("brand_admin:offer", request.brand.slug, offer.pk)


def _terms_page(
    request: BrandRequest, offer: Offer, history: TermsHistory, *, replaced: Terms | None
) -> HttpResponse:
    """Terms are saved only from the preview, which names the version that it compared with."""
    latest = history.without(replaced).at(replaced.starts_at) if replaced else history.latest
    data = request.POST or None
    shown = replaced or latest
    form = NewTermsForm(data, currency=offer.currency, initial=terms_initial(shown, offer.currency))
    if replaced:
        form.initial["starts_on"] = timezone.localdate(replaced.starts_at)
    rows = TermsRows(data, terms=shown, currency=offer.currency)
    values = typed_values(form, rows) if request.method == "POST" else None
    if values is not None:
        try:
            history.check_start(form.starts_at(timezone.now()), replaced=replaced)
        except OfferError as error:
            add_refusal(form, error)
            values = None
    step = request.POST.get("step", "")
    if values is not None and step == "save" and request.POST.get("seen") == str(latest.version):
        saved = _save(request, offer, form, values, latest=latest, replaced=replaced)
        if saved is not None:
            return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    if values is not None and step != "edit" and not form.errors:
        return _review(request, offer, latest, form, values, replaced=replaced)
    return render_page(
        request,
        "brand_admin/offers/terms.html",
        section=SECTION,
        heading="Replace planned terms" if replaced else "New terms",
        offer=offer,
        latest=latest,
        is_planned=latest.starts_at > timezone.now(),
        sentence=describe_fully(latest, offer.currency),
        replaced=replaced,
        form=form,
        rows=rows,
        status=422 if form.errors or rows.has_errors else 200,
    )


def typed_values(form: TermsForm, rows: TermsRows) -> TermsValues | None:
    """Return the typed structure; None if it is invalid, with errors on the form or the rows."""
    if not form.is_valid() or rows.wants_more:
        return None
    values = rows.values(form)
    if values is None:
        form.add_error(None, rows.refusal)
        return None
    if form.cleaned_data["percent"] is None and values.pays_nothing:
        form.add_error("percent", "Enter a percentage, an amount, or both.")
        return None
    try:
        check_terms(values)
    except OfferError as error:
        add_refusal(form, error)
        rows.refused = error.field
        return None
    return values


def _falling(values: TermsValues) -> list[Tier]:
    return falling_tiers(Rate(values.percent_bp, values.fixed_minor), values.tiers)


def _save(
    request: BrandRequest,
    offer: Offer,
    form: NewTermsForm,
    values: TermsValues,
    *,
    latest: Terms,
    replaced: Terms | None,
) -> Terms | None:
    now = timezone.now()
    try:
        changed = change_terms(
            offer=offer,
            values=values,
            starts_at=form.starts_at(now),
            tells_members=form.cleaned_data["tells_members"],
            replaced=replaced,
            seen=None if replaced else latest,
            by=request.actor,
            now=now,
        )
    except OfferError as error:
        add_refusal(form, error)
        return None
    saved = f"Version {changed.terms.version} of the terms is saved."
    if replaced is not None:
        saved += f" It takes the place of version {replaced.version}."
    messages.success(request, saved + _mailed(changed.told))
    return changed.terms


def _mailed(told: int) -> str:
    return f" {count(told)} member{'' if told == 1 else 's'} will get a mail." if told else ""


def _review(
    request: BrandRequest,
    offer: Offer,
    latest: Terms,
    form: NewTermsForm,
    values: TermsValues,
    *,
    replaced: Terms | None,
) -> HttpResponse:
    """Show the text for members, and what the terms would have paid. Nothing is saved yet."""
    now = timezone.now()
    terms = values.as_terms()
    seen = request.POST.get("seen", "")
    return render_page(
        request,
        "brand_admin/offers/terms_review.html",
        section=SECTION,
        offer=offer,
        latest=latest,
        replaced=replaced,
        announced=announced(replaced) if replaced else None,
        is_overtaken=bool(seen) and seen != str(latest.version),
        starts_at=form.starts_at(now),
        tells_members=form.cleaned_data["tells_members"],
        sentence=describe_fully(terms, offer.currency),
        tiers=describe_tiers(terms, offer.currency),
        rules=describe_rules(terms, offer.currency),
        falling=[tier.name for tier in _falling(values)],
        before=describe_fully(latest, offer.currency),
        days=DAYS,
        preview=preview_terms(offer=offer, terms=terms, now=now),
        carried=[
            (name, value)
            for name, found in request.POST.lists()
            if name not in NOT_CARRIED
            for value in found
        ],
    )
