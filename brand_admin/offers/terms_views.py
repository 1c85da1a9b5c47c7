"""New terms for an offer: the form, a preview of what they would have paid, and saving."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.offers.terms_forms import (
    MORE_ROWS,
    NewTermsForm,
    TermsForm,
    TermsRows,
    terms_initial,
)
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.templatetags.display import count
from offers.models import Offer, Terms
from offers.selectors import terms_of
from offers.services import supersede_terms
from offers.structure import Rate, Tier, falling_tiers
from offers.terms import OfferError, TermsValues, check_terms
from offers.wording import RateLike, describe_fully, describe_rules, describe_tiers
from tracking.commissions.terms_preview import DAYS, preview_terms
from tracking.outreach.terms_mail import send_terms_mail

SECTION = "offers"
NOT_CARRIED = {"csrfmiddlewaretoken", "step", "seen", *MORE_ROWS}


@brand_page(Permission.READ, post=Permission.MANAGE)
def terms_new(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Make the next version of the terms; existing versions never change.

    Terms are saved only from the preview, which names the version that it compared with.
    """
    offer = get_object_or_404(Offer, pk=offer_id)
    latest = terms_of(offer).latest
    data = request.POST or None
    form = NewTermsForm(
        data, currency=offer.currency, initial=terms_initial(latest, offer.currency)
    )
    rows = TermsRows(data, terms=latest, currency=offer.currency)
    values = typed_values(form, rows) if request.method == "POST" else None
    if values is not None and form.starts_at(timezone.now()) <= latest.starts_at:
        form.add_error("starts_on", "New terms must start after the ones they supersede.")
        values = None
    step = request.POST.get("step", "")
    if values is not None and step == "save" and request.POST.get("seen") == str(latest.version):
        saved = _save(request, offer, latest, form, values)
        if saved is not None:
            return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    if values is not None and step != "edit" and not form.errors:
        return _review(request, offer, latest, form, values)
    return render_page(
        request,
        "brand_admin/offers/terms.html",
        section=SECTION,
        offer=offer,
        latest=latest,
        is_planned=latest.starts_at > timezone.now(),
        sentence=describe_fully(latest, offer.currency),
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
        return None
    try:
        check_terms(values)
    except OfferError as error:
        add_refusal(form, error)
        return None
    if form.cleaned_data["percent"] is None and _pays_nothing(values):
        form.add_error("percent", "Enter a percentage, an amount, or both.")
        return None
    return values


def _pays_nothing(values: TermsValues) -> bool:
    parts: tuple[RateLike, ...] = (values, *values.tiers, *values.rules)
    return not values.per_click_minor and not any(
        part.percent_bp or part.fixed_minor for part in parts
    )


def _falling(values: TermsValues) -> list[Tier]:
    return falling_tiers(Rate(values.percent_bp, values.fixed_minor), values.tiers)


def _save(
    request: BrandRequest, offer: Offer, latest: Terms, form: NewTermsForm, values: TermsValues
) -> Terms | None:
    now = timezone.now()
    try:
        terms = supersede_terms(
            offer=offer,
            values=values,
            starts_at=form.starts_at(now),
            by=request.actor,
            now=now,
        )
    except OfferError as error:
        add_refusal(form, error)
        return None
    told = 0
    if form.cleaned_data["tells_members"]:
        sent = send_terms_mail(terms=terms, before=latest, by=request.actor, now=now)
        told = sum(campaign.recipients for campaign in sent)
    mailed = f" {count(told)} member{'' if told == 1 else 's'} will get a mail." if told else ""
    messages.success(request, f"Version {terms.version} of the terms is saved.{mailed}")
    return terms


def _review(
    request: BrandRequest, offer: Offer, latest: Terms, form: NewTermsForm, values: TermsValues
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
