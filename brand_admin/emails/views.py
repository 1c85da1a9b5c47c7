"""Emails: a campaign's report, a message as it went out, an address that gets none."""

from __future__ import annotations

from collections.abc import Callable

from csp.decorators import csp
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.emails.composing import MAIL_FRAME, SECTION
from brand_admin.emails.forms import NewSuppressionForm
from brand_admin.emails.frames import frame_height
from brand_admin.emails.lists import Recipients, Suppressions
from brand_admin.emails.progress import progress_of
from brand_admin.listing.views import show_list
from brand_admin.pages import render_page
from core.references import Reference
from notifications import selectors
from notifications.mails import rendered, sender_line
from notifications.models import Campaign, Message, Suppression, SuppressionReason
from notifications.services import (
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    suppress,
    unsuppress,
)
from offers.models import Enrollment, Offer

MAX_RECIPIENTS_POSTED = 900  # a form may not hold more fields than a thousand
ACTIONS: dict[str, tuple[Callable[..., bool], str]] = {
    "pause": (pause_campaign, "Paused. Nothing more is sent until you resume."),
    "resume": (resume_campaign, "Sending goes on."),
    "cancel": (cancel_campaign, "Cancelled. Nobody else gets this mail."),
}


@require_safe
@brand_page(Permission.READ)
def campaign_page(request: BrandRequest, campaign_id: int) -> HttpResponse:
    """The report: what became of each recipient's mail, live while it is being sent."""
    listing = Recipients(request, campaign_id=campaign_id)
    campaign = listing.campaign
    return show_list(
        request,
        listing,
        campaign=campaign,
        progress=progress_of(campaign, brand_name=request.brand.name),
        again=_again(campaign),
    )


@require_safe
@brand_page(Permission.READ)
def campaign_progress(request: BrandRequest, campaign_id: int) -> HttpResponse:
    """The moving part of the report, asked for every two seconds while it moves."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    return render_page(
        request,
        "brand_admin/emails/progress.html",
        section=SECTION,
        campaign=campaign,
        progress=progress_of(campaign, brand_name=request.brand.name),
    )


@require_POST
@brand_page(Permission.MANAGE)
def campaign_act(request: BrandRequest, campaign_id: int) -> HttpResponse:
    """Pause, resume or cancel."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    act, words = ACTIONS.get(request.POST.get("action", ""), (None, ""))
    if act is not None and act(campaign=campaign, by=request.actor, now=timezone.now()):
        messages.success(request, words)
    else:
        messages.warning(request, "Nothing was changed: the campaign has changed meanwhile.")
    return redirect("brand_admin:campaign", request.brand.slug, campaign.pk)


@require_safe
@brand_page(Permission.READ)
def message_page(request: BrandRequest, message_id: int) -> HttpResponse:
    """One mail as it went out, and what became of it; also one that no mail server can take."""
    message = get_object_or_404(Message.objects.select_related("campaign"), pk=message_id)
    mail = rendered(message.campaign, message)
    return render_page(
        request,
        "brand_admin/emails/message.html",
        section=SECTION,
        message=message,
        campaign=message.campaign,
        mail=mail,
        height=frame_height(mail.text),
        sender=sender_line(message.campaign.from_name),
        suppressed=selectors.suppressed_among([message.to_address]),
    )


@require_safe
@csp(MAIL_FRAME)
@brand_page(Permission.READ)
def message_frame(request: BrandRequest, message_id: int) -> HttpResponse:
    """The mail's HTML, the very bytes that were sent."""
    message = get_object_or_404(Message.objects.select_related("campaign"), pk=message_id)
    return HttpResponse(rendered(message.campaign, message).html)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def suppression_list(request: BrandRequest) -> HttpResponse:
    """Addresses that get no mail, and adding one."""
    form = NewSuppressionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"]
        suppress(
            address=address,
            reason=SuppressionReason.BY_STAFF,
            by=request.actor,
            now=timezone.now(),
        )
        messages.success(request, f"{address} gets no more mail from you.")
        return redirect("brand_admin:suppressions", request.brand.slug)
    status = 422 if form.errors else 200
    return show_list(request, Suppressions(request), status=status, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def suppression_lift(request: BrandRequest, suppression_id: int) -> HttpResponse:
    """Ask, then allow mail to the address again."""
    suppression = get_object_or_404(Suppression, pk=suppression_id)
    if request.method == "POST":
        unsuppress(address=suppression.address, by=request.actor, now=timezone.now())
        messages.success(request, f"{suppression.address} can get mail again.")
        return redirect("brand_admin:suppressions", request.brand.slug)
    return render_page(
        request, "brand_admin/emails/lift.html", section=SECTION, suppression=suppression
    )


def _again(campaign: Campaign) -> list[tuple[str, str]]:
    """What to post for a new mail to those this one did not reach; empty when it reached all."""
    abouts = selectors.not_reached(campaign).values_list("about", flat=True)
    enrollments = [Reference(text).id_of(Enrollment) for text in abouts[:MAX_RECIPIENTS_POSTED]]
    offer_id = Reference(campaign.about).id_of(Offer)
    if not enrollments or offer_id is None:
        return []
    return [
        ("purpose", campaign.purpose),
        ("offer", str(offer_id)),
        *(("selected", str(pk)) for pk in enrollments if pk is not None),
    ]
