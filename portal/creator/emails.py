"""Which brands may send mail to a creator, and which kinds. The same data as unsubscribe links."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Brand
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
    """A brand, whether it may write, and the kinds of automatic mails that it sends.

    A creator who changed their address can have two members in a brand, each with its own address.
    The page shows them as one, and each act is done to all. `reason` says why the brand can't mail
    any of them.
    """

    brand: Brand
    reason: str
    choices: list[KindChoice]


@require_safe
@creator_required
def emails(request: CreatorRequest) -> HttpResponse:
    """Show every brand, whether it may send mail, and which kinds."""
    brands = _brands(memberships_of(request.creator))
    context = {
        "section": "emails",
        "brands": brands,
        "opens_choices": len(brands) <= MAX_BRANDS_OPEN,
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
    found, wanted = _memberships(request, slug), request.POST.get("mails")
    if wanted not in {"on", "off"}:
        raise Http404
    brand, now = found[0].brand, timezone.now()
    with acting_for(brand), transaction.atomic():
        for one in found:
            if wanted == "on":
                resubscribe(address=one.member.email, now=now)
            else:
                unsubscribe(address=one.member.email, now=now)
    on, off = _("{brand} may write to you again."), _("{brand} sends you no more mail.")
    messages.success(request, (on if wanted == "on" else off).format(brand=brand.name))
    return redirect("portal:emails")


@require_POST
@creator_required
def emails_choose(request: CreatorRequest, slug: str) -> HttpResponse:
    """Save which kinds of a brand's automatic mails the creator wants."""
    found = _memberships(request, slug)
    with acting_for(found[0].brand), transaction.atomic():
        for one in found:
            save_choices(one.member, request.POST, now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("portal:emails")


def _memberships(request: CreatorRequest, slug: str) -> list[Membership]:
    """Return the creator's memberships in a brand: more than one after a change of address."""
    found = [one for one in memberships_of(request.creator) if one.brand.slug == slug]
    if not found:
        raise Http404
    return found


def _brands(memberships: list[Membership]) -> list[BrandMails]:
    """Return each brand once, in the order given."""
    choices = choices_of_all([one.member for one in memberships])
    by_brand: dict[int, list[Membership]] = defaultdict(list)
    for one in memberships:
        by_brand[one.brand.pk].append(one)
    return [
        BrandMails(
            found[0].brand,
            _reason([one.reason for one in found]),
            _choices([choices[one.member.pk] for one in found]),
        )
        for found in by_brand.values()
    ]


def _reason(reasons: list[str]) -> str:
    """Return why the brand can mail no address of the creator; "" when it can mail one.

    A reason that the creator can end comes first, because the page then offers to do so.
    """
    if not all(reasons):
        return ""
    return next((one for one in reasons if one != SuppressionReason.BY_STAFF), reasons[0])


def _choices(of_each: list[list[KindChoice]]) -> list[KindChoice]:
    """Return each kind once: it is wanted if one of the members wants it."""
    return [
        KindChoice(
            same[0].kind, any(one.is_wanted for one in same), any(one.is_at_once for one in same)
        )
        for same in zip(*of_each, strict=True)
    ]
