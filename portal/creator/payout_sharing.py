"""Share payout details with brands, with a fresh code, and stop sharing.

A dashboard has a link to this page. The link shares nothing by itself: the creator must log in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import validate_slug
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actors import Actor
from accounts.codes import ExpiredCodeError
from accounts.devices import device_label
from accounts.models import Brand, CodePurpose
from affiliates.code_login import EXPIRED_CODE_TEXT
from affiliates.notices import send_notice
from core.languages import country_name
from core.templatetags.display import money
from core.transactional_mail import TransactionalMailError
from payouts.destinations import Destination
from payouts.details import own_destination
from payouts.models import PayoutMethod
from payouts.releases import (
    Released,
    TakenBack,
    release_details,
    sharing_of,
    take_back_release,
)
from portal.creator.access import CreatorRequest, creator_required
from portal.creator.client import device
from portal.creator.proving import proof_of, was_used
from tracking.figures.creator_report import BrandPayment, waiting_for_details

WANTED = "share_with"  # session key: the brand to select first, kept while a code is entered
COOKIE = "portal_share_with"  # the same, kept while the person logs in
COOKIE_AGE_SECONDS = 3_600


class BrandsForm(forms.Form):
    """A choice of brands to share with."""

    brands = forms.MultipleChoiceField(
        label=gettext_lazy("Which brands may see your payout details?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one brand"),
            "invalid_choice": gettext_lazy("Choose brands from the list"),
        },
    )

    def __init__(
        self, data: QueryDict | None, *, choices: list[tuple[str, str]], wanted: str
    ) -> None:
        slugs = [slug for slug, _label in choices]
        selected = slugs if len(slugs) == 1 else [slug for slug in slugs if slug == wanted]
        super().__init__(data, initial={"brands": selected})
        field = self.fields["brands"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices


def brand_choices(
    brands: Iterable[Brand], waiting: Iterable[BrandPayment]
) -> list[tuple[str, str]]:
    """Return slugs and labels of brands, with waiting amounts; brands with such amounts first."""
    amounts: dict[int, list[str]] = {}
    for payment in waiting:
        amounts.setdefault(payment.brand.pk, []).append(money(payment.amount))
    ordered = sorted(brands, key=lambda brand: brand.pk not in amounts)
    return [(brand.slug, _label(brand, amounts.get(brand.pk, []))) for brand in ordered]


def _label(brand: Brand, amounts: list[str]) -> str:
    if not amounts:
        return brand.name
    return _("{brand} (waiting: {amounts})").format(brand=brand.name, amounts=", ".join(amounts))


def seen_by_brands(destination: Destination) -> list[str]:
    """Return exactly what a brand sees after sharing, masked."""
    if destination.method == PayoutMethod.PAYPAL:
        return [_("PayPal address: {ending}").format(ending=destination.ending)]
    seen = [_("account number ending {digits}").format(digits=destination.ending[-4:])]
    if destination.bic or destination.bank_code:
        seen.append(_("the bank's code"))
    seen += [
        _("account holder"),
        _("country: {country}").format(country=country_name(destination.country)),
    ]
    return [*seen, _("tax or VAT number")] if destination.tax_id else seen


def kept_through_login(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Keep the requested brand in a cookie while the person logs in; `onward` reads it."""

    @wraps(view)
    def enter(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if not request.user.is_authenticated and _is_slug(request.GET.get("brand", "")):
            response.set_cookie(
                COOKIE,
                request.GET["brand"],
                max_age=COOKIE_AGE_SECONDS,
                path=reverse("portal:home"),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return enter


def onward(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to the page that was requested before the login, once; else None."""
    wanted = request.COOKIES.get(COOKIE, "")
    if not _is_slug(wanted):
        return None
    response = redirect(f"{reverse('portal:payout_share')}?brand={wanted}")
    response.delete_cookie(COOKIE, path=reverse("portal:home"))
    return response


@kept_through_login
@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def payout_share(request: CreatorRequest) -> HttpResponse:
    """Show what a brand will see, and share it. Needs a fresh code."""
    now = timezone.now()
    if _is_slug(request.GET.get("brand", "")):
        request.session[WANTED] = request.GET["brand"]
    destination = own_destination(request.creator)
    closed = [one.brand for one in sharing_of(request.creator) if not one.is_released]
    if destination is None or not closed:
        return redirect("portal:payout")
    if proof_of(request, CodePurpose.DETAILS_RELEASE, now=now) is None:
        return _second_tap(request) or redirect("portal:prove", "sharing")
    form = BrandsForm(
        request.POST if request.method == "POST" else None,
        choices=brand_choices(closed, waiting_for_details(request.creator)),
        wanted=request.session.get(WANTED, ""),
    )
    if form.is_bound and form.is_valid():
        chosen = [brand for brand in closed if brand.slug in form.cleaned_data["brands"]]
        answer = _share(request, form, chosen)
        if answer is not None:
            return answer
    context = {
        "section": "payout",
        "form": form,
        "only": closed[0] if len(closed) == 1 else None,
        "seen": seen_by_brands(destination),
    }
    status = 422 if form.errors else 200
    return render(request, "portal/creator/payout_share.html", context, status=status)


def _share(request: CreatorRequest, form: BrandsForm, brands: list[Brand]) -> HttpResponse | None:
    """Share with these brands. Returns None when the form shows an error."""
    now = timezone.now()
    code = proof_of(request, CodePurpose.DETAILS_RELEASE, now=now)
    try:
        if code is None:
            raise ExpiredCodeError
        released = release_details(
            creator=request.creator,
            brands=brands,
            code=code,
            tell=lambda released: _mail_notice(request, "details_shared", released.brands),
            by=Actor.of_member(request.creator.email),
            now=now,
        )
    except ExpiredCodeError:
        if answer := _second_tap(request):
            return answer
        messages.error(request, EXPIRED_CODE_TEXT)
        return redirect("portal:prove", "sharing")
    except TransactionalMailError:
        form.add_error(None, _("Nothing was shared: the mail that confirms it could not be sent."))
        return None
    request.session.pop(WANTED, None)
    messages.success(request, _said(released))
    return redirect("portal:payout")


def _second_tap(request: CreatorRequest) -> HttpResponse | None:
    """Answer a second tap like the first, which shared with these brands and used up the code."""
    wanted = set(request.POST.getlist("brands"))
    if not wanted or not was_used(request, CodePurpose.DETAILS_RELEASE):
        return None
    shared = [one.brand for one in sharing_of(request.creator) if one.is_released]
    if not wanted <= {brand.slug for brand in shared}:
        return None
    named = names_of(brand for brand in shared if brand.slug in wanted)
    messages.success(request, _("Shared with {brands}.").format(brands=named))
    return redirect("portal:payout")


@require_POST
@creator_required
def payout_stop_sharing(request: CreatorRequest, slug: str) -> HttpResponse:
    """Stop sharing with a brand. Needs no code, because it only takes access away."""
    brand = next((one.brand for one in sharing_of(request.creator) if one.brand.slug == slug), None)
    if brand is None:
        return redirect("portal:payout")
    taken_back = take_back_release(
        creator=request.creator,
        brand=brand,
        by=Actor.of_member(request.creator.email),
        now=timezone.now(),
    )
    if taken_back is not None:
        messages.success(request, _said_of_the_end(brand, taken_back))
        try:
            _mail_notice(request, "details_not_shared", [brand])
        except TransactionalMailError:
            messages.warning(request, _("The mail that confirms it could not be sent."))
    return redirect("portal:payout")


def _said_of_the_end(brand: Brand, taken_back: TakenBack) -> str:
    """Return what a brand no longer sees, which payments wait, and how many go on."""
    going = taken_back.on_the_way
    if not going:
        return _(
            "{brand} no longer sees your payout details."
            " Its payments wait until you share them again."
        ).format(brand=brand.name)
    return ngettext(
        "{brand} no longer sees your payout details. One payment was already given to a bank or"
        " PayPal and stays on its way. Other payments wait until you share them again.",
        "{brand} no longer sees your payout details. {count} payments were already given to a bank"
        " or PayPal and stay on their way. Other payments wait until you share them again.",
        going,
    ).format(brand=brand.name, count=going)


def going_on_their_way(started: int) -> str:
    """Return a sentence with the number of payments that were started; "" for none."""
    if not started:
        return ""
    return ngettext(
        "One payment that waited for this is on its way.",
        "{count} payments that waited for this are on their way.",
        started,
    ).format(count=started)


def names_of(brands: Iterable[Brand]) -> str:
    """Return "Juniper & Co, Saltmarsh"."""
    return ", ".join(brand.name for brand in brands)


def _said(released: Released) -> str:
    said = _("Shared with {brands}.").format(brands=names_of(released.brands))
    return f"{said} {going_on_their_way(released.started)}".strip()


def _mail_notice(request: CreatorRequest, name: str, brands: Iterable[Brand]) -> None:
    """Mail the creator what changed. Raises TransactionalMailError."""
    destination = own_destination(request.creator)
    send_notice(
        name,
        to=request.creator.email,
        now=timezone.now(),
        where=device_label(device(request)),
        language=request.creator.language,
        values={
            "brands": names_of(brands),
            "seen": seen_by_brands(destination) if destination else [],
        },
    )


def _is_slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= 60
