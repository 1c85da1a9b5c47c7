"""Show a creator's payout details masked, and change them with a fresh code."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.codes import ExpiredCodeError
from accounts.devices import device_label
from accounts.models import CodePurpose
from affiliates.code_login import EXPIRED_CODE_TEXT
from affiliates.models import Creator
from affiliates.notices import send_notice
from core.languages import country_name
from core.money import Money
from core.templatetags.display import money
from core.transactional_mail import TransactionalMailError
from payouts.destinations import Destination
from payouts.details import DetailsChange, change_details, details_of, own_destination
from payouts.models import PayoutMethod
from payouts.releases import Sharing, sharing_of
from portal.creator.access import CreatorRequest, creator_required
from portal.creator.client import device
from portal.creator.payout_forms import ChooseForm, DestinationForm, form_for
from portal.creator.payout_sharing import (
    brand_choices,
    going_on_their_way,
    names_of,
    seen_by_brands,
)
from portal.creator.proving import proof_of, was_used
from tracking.figures.creator_report import waiting_for_details


@dataclass(frozen=True, slots=True)
class SharingLine:
    """A brand, whether it may see the details, and the payments that wait for that."""

    sharing: Sharing
    waiting: tuple[Money, ...]

    @property
    def amounts(self) -> str:
        """ "£5.00, £7.20"."""
        return ", ".join(money(amount) for amount in self.waiting)


@require_safe
@creator_required
def payout(request: CreatorRequest) -> HttpResponse:
    """Show the payout details, and which brands see which of them."""
    details, waiting = details_of(request.creator), waiting_for_details(request.creator)
    destination = own_destination(request.creator)
    context = {
        "section": "payout",
        "details": details,
        "country": country_name(details.country) if details else "",
        "seen": seen_by_brands(destination) if destination else [],
        "sharing": [
            SharingLine(one, tuple(row.amount for row in waiting if row.brand == one.brand))
            for one in sharing_of(request.creator)
        ],
        "waiting": waiting,
    }
    return render(request, "portal/creator/payout.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def payout_change(request: CreatorRequest) -> HttpResponse:
    """Choose method and country, then enter the account. Needs a fresh code."""
    is_proven = proof_of(request, CodePurpose.PAYOUT_DETAILS, now=timezone.now()) is not None
    if not is_proven and request.method != "POST":
        return redirect("portal:prove", "payout")
    current = own_destination(request.creator)
    choose = ChooseForm(request.GET if "method" in request.GET else None, current=current)
    if not is_proven:
        return _second_tap(request, choose) or redirect("portal:prove", "payout")
    if not choose.is_bound or not choose.is_valid():
        return render(
            request, "portal/creator/payout_choose.html", {"form": choose, "section": "payout"}
        )
    method = PayoutMethod(choose.cleaned_data["method"])
    country = choose.cleaned_data["country"]
    posted = request.POST if request.method == "POST" else None
    form = form_for(
        method, country, posted, current=current, brands=_brands_that_wait(request.creator)
    )
    if form.is_bound and form.is_valid():
        answer = _change(request, choose, form)
        if answer is not None:
            return answer
    context = {
        "section": "payout",
        "form": form,
        "method": method,
        "country": country_name(country),
        "sees_it": [one.brand for one in sharing_of(request.creator) if one.is_released],
    }
    return render(request, "portal/creator/payout_change.html", context)


def _brands_that_wait(creator: Creator) -> list[tuple[str, str]]:
    """Brands with waiting payments that may not see the details. The form offers to share."""
    waiting = waiting_for_details(creator)
    slugs = {payment.brand.slug for payment in waiting}
    closed = [one.brand for one in sharing_of(creator) if not one.is_released]
    return brand_choices([brand for brand in closed if brand.slug in slugs], waiting)


def _second_tap(request: CreatorRequest, choose: ChooseForm) -> HttpResponse | None:
    """Answer a second tap like the first, which saved this account and used up the code."""
    if not was_used(request, CodePurpose.PAYOUT_DETAILS) or not choose.is_valid():
        return None
    saved, sharing = own_destination(request.creator), sharing_of(request.creator)
    form = form_for(
        PayoutMethod(choose.cleaned_data["method"]),
        choose.cleaned_data["country"],
        request.POST,
        current=saved,
        brands=[(one.brand.slug, one.brand.name) for one in sharing if one.is_released],
    )
    if saved is None or not form.is_valid() or form.destination != saved:
        return None
    messages.success(request, _said(DetailsChange(None, saved, (), 0)))
    return redirect("portal:payout")


def _change(
    request: CreatorRequest, choose: ChooseForm, form: DestinationForm
) -> HttpResponse | None:
    """Change the details. Returns None when the form shows an error."""
    now = timezone.now()
    code = proof_of(request, CodePurpose.PAYOUT_DETAILS, now=now)
    try:
        if code is None:
            raise ExpiredCodeError
        change = change_details(
            creator=request.creator,
            destination=form.destination,
            release_to=[
                one.brand
                for one in sharing_of(request.creator)
                if one.brand.slug in form.cleaned_data.get("share_with", ())
            ],
            code=code,
            tell=lambda change: _mail_notice(request, change),
            by=Actor.of_member(request.creator.email),
            now=now,
        )
    except ExpiredCodeError:
        if answer := _second_tap(request, choose):
            return answer
        messages.error(request, EXPIRED_CODE_TEXT)
        return redirect("portal:prove", "payout")
    except TransactionalMailError:
        form.add_error(None, _("Nothing was changed: the mail that confirms it could not be sent."))
        return None
    messages.success(request, _said(change))
    return redirect("portal:payout")


def _said(change: DetailsChange) -> str:
    said = [_("Saved. You are paid to {where} from now on.").format(where=_words(change.after))]
    if change.released_to:
        said.append(_("Shared with {brands}.").format(brands=names_of(change.released_to)))
    return " ".join(filter(None, [*said, going_on_their_way(change.started)]))


def _mail_notice(request: CreatorRequest, change: DetailsChange) -> None:
    """Mail a warning to the creator and to the old PayPal address.

    Raises TransactionalMailError.
    """
    to = {request.creator.email}
    if change.before and change.before.paypal:
        to.add(change.before.paypal)
    for address in sorted(to):
        send_notice(
            "details_changed",
            to=address,
            now=timezone.now(),
            where=device_label(device(request)),
            values={
                "before": _words(change.before) if change.before else "",
                "after": _words(change.after),
                "shared_with": names_of(change.released_to),
            },
        )


def _words(destination: Destination) -> str:
    return f"{destination.method.label} {destination.ending}"
