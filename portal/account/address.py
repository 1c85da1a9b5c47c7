"""Change the email address of a login, for staff and creators.

The person logs in again first, then enters a code that was mailed to the new address, in the same
session. The old address gets a notice.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.codes import ExpiredCodeError, TooManyCodesError
from accounts.devices import device_label
from accounts.models import CodePurpose
from accounts.passkeys import manages_passkeys_in_portal
from affiliates.address_change import AddressTakenError, change_address
from affiliates.code_login import EXPIRED_CODE_TEXT, AddressForm, CodeForm, too_many_codes_text
from affiliates.notices import send_notice
from core.transactional_mail import TransactionalMailError
from portal.account.confirm import (
    LoggedInRequest,
    ask_for_code,
    asked_address,
    asked_code,
    forget_asked,
    in_own_language,
    show,
    take_code,
)
from portal.creator.client import device

PURPOSE = CodePurpose.NEW_ADDRESS


@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def address(request: LoggedInRequest) -> HttpResponse:
    """Ask for the new address and mail a code to it; nothing changes yet."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        wanted = form.cleaned_data["email"]
        if wanted == request.user.email:
            form.add_error("email", _("That is your address already"))
        else:
            try:
                return ask_for_code(
                    request, purpose=PURPOSE, address=wanted, then=reverse("account_address_code")
                )
            except TooManyCodesError as error:
                form.add_error(None, too_many_codes_text(error))
    return show(request, "address.html", form=form, address=request.user.email)


@require_http_methods(["GET", "HEAD", "POST"])
@in_own_language
def address_code(request: LoggedInRequest) -> HttpResponse:
    """Check the code, change the address, and mail a notice to the old address."""
    wanted = asked_address(request, PURPOSE)
    if not wanted:
        return redirect("account_address")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        entered = take_code(request, form, purpose=PURPOSE)
        if entered:
            return _change(request, wanted)
        if entered is None:
            return redirect("account_address")
    return show(request, "address_code.html", form=form, address=wanted)


def _change(request: LoggedInRequest, wanted: str) -> HttpResponse:
    code, now = asked_code(request, PURPOSE), timezone.now()
    forget_asked(request, PURPOSE)
    try:
        before = change_address(
            user=request.user,
            address=wanted,
            code=code,
            session_key=request.session.session_key,
            now=now,
        )
    except ExpiredCodeError:
        messages.error(request, EXPIRED_CODE_TEXT)
        return redirect("account_address")
    except AddressTakenError:
        messages.error(
            request,
            _("There is another login with this address. Log in with it, or choose another one."),
        )
        return redirect("account_address")
    _mail_notice(request, before=before, after=wanted)
    messages.success(request, _("Your address is changed. Log in with it from now on."))
    return redirect("portal:security" if manages_passkeys_in_portal(request.user) else "front_door")


def _mail_notice(request: LoggedInRequest, *, before: str, after: str) -> None:
    """Mail the old address. The change stays even if the mail server does not answer."""
    try:
        send_notice(
            "address_changed",
            to=before,
            now=timezone.now(),
            where=device_label(device(request)),
            values={"before": before, "after": after},
        )
    except TransactionalMailError:
        messages.warning(request, _("The mail that confirms it could not be sent."))
