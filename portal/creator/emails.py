"""Which brands may send mail to a creator, and which kinds. The same data as unsubscribe links."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.tenancy import acting_for
from notices.selectors import KindChoice, choices_of_all
from notifications.models import SuppressionReason
from notifications.services import resubscribe, unsubscribe
from portal.creator.access import CreatorRequest, creator_required
from portal.kind_choices import save_choices
from tracking.figures.creator_brands import Membership, memberships_of

MAX_BRANDS_OPEN = 2  # whose kinds of mail are shown before they are asked for


@dataclass(frozen=True, slots=True)
class BrandMails:
    """A brand, whether it may write, and the kinds of automatic mails that it sends."""

    membership: Membership
    choices: list[KindChoice]


@require_safe
@creator_required
def emails(request: CreatorRequest) -> HttpResponse:
    """Show every brand, whether it may send mail, and which kinds."""
    memberships = memberships_of(request.creator)
    choices = choices_of_all([one.member for one in memberships])
    context = {
        "section": "emails",
        "brands": [BrandMails(one, choices[one.member.pk]) for one in memberships],
        "opens_choices": len(memberships) <= MAX_BRANDS_OPEN,
        "by_staff": SuppressionReason.BY_STAFF.value,
        "bounced": SuppressionReason.BOUNCED.value,
        "address": request.creator.email,
    }
    return render(request, "portal/creator/emails.html", context)


@require_POST
@creator_required
def emails_set(request: CreatorRequest, slug: str) -> HttpResponse:
    """Allow or forbid mail of one brand.

    An unknown brand and a brand that the creator is not in both answer 404.
    """
    one, wanted = _membership(request, slug), request.POST.get("mails")
    if wanted not in {"on", "off"}:
        raise Http404
    brand, address, now = one.brand, one.member.email, timezone.now()
    with acting_for(brand):
        if wanted == "on":
            resubscribe(address=address, now=now)
            said = _("{brand} may write to you again.")
        else:
            unsubscribe(address=address, now=now)
            said = _("{brand} sends you no more mail.")
    messages.success(request, said.format(brand=brand.name))
    return redirect("portal:emails")


@require_POST
@creator_required
def emails_choose(request: CreatorRequest, slug: str) -> HttpResponse:
    """Save which kinds of a brand's automatic mails the creator wants."""
    one = _membership(request, slug)
    with acting_for(one.brand):
        save_choices(one.member, request.POST, now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("portal:emails")


def _membership(request: CreatorRequest, slug: str) -> Membership:
    found = memberships_of(request.creator)
    one = next((one for one in found if one.brand.slug == slug), None)
    if one is None:
        raise Http404
    return one
