"""Which brands may send mail to a creator. Uses the same data as unsubscribe links."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.tenancy import acting_for
from notifications.models import SuppressionReason
from notifications.services import resubscribe, unsubscribe
from portal.creator.access import CreatorRequest, creator_required
from tracking.figures.creator_brands import memberships_of


@require_safe
@creator_required
def emails(request: CreatorRequest) -> HttpResponse:
    """Show every brand, and whether it may send mail."""
    context = {
        "section": "emails",
        "memberships": memberships_of(request.creator),
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
    found = memberships_of(request.creator)
    one = next((one for one in found if one.brand.slug == slug), None)
    wanted = request.POST.get("mails")
    if one is None or wanted not in {"on", "off"}:
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
