"""Add, rename and remove passkeys, and log in with one. Needs JavaScript in the browser."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import Login
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import passkeys
from accounts.codes import ExpiredCodeError
from accounts.devices import device_label
from accounts.models import CodePurpose
from accounts.passkeys import MAX_PASSKEY_NAME_LENGTH, PasskeyError
from affiliates.code_login import EXPIRED_CODE_TEXT
from affiliates.notices import send_notice
from core.form_fields import OneLineField
from core.transactional_mail import TransactionalMailError
from portal.creator.access import CreatorRequest, creator_required
from portal.creator.client import device
from portal.creator.proving import proof_of

REFUSED_TEXT = gettext_lazy("That passkey didn't work here. Try again, or log in with a code.")


class NameForm(forms.Form):
    """The name of a passkey."""

    name = OneLineField(
        label=gettext_lazy("Name"),
        max_length=MAX_PASSKEY_NAME_LENGTH,
        help_text=gettext_lazy("A name that you recognize, such as “My phone” or “Work laptop”."),
        error_messages={"required": gettext_lazy("Give it a name")},
    )


@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Return the challenge for a login. It contains nothing about any person."""
    return JsonResponse(passkeys.login_options())


@never_cache
@require_POST
def passkey_login(request: HttpRequest) -> HttpResponse:
    """Log in the owner of the passkey that signed the challenge."""
    try:
        passkey = passkeys.authenticate(_sent(request))
    except PasskeyError:
        messages.error(request, REFUSED_TEXT)
        return redirect("portal:login")
    login = Login(user=passkey.user, redirect_url=reverse("portal:home"))
    return perform_passwordless_login(request, passkey, login)  # type: ignore[no-any-return]


@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def passkey_add(request: CreatorRequest) -> HttpResponse:
    """Add a passkey that the browser creates. Needs a fresh code."""
    if not passkeys.manages_passkeys_in_portal(request.user):
        raise Http404
    code = proof_of(request, CodePurpose.PASSKEYS, now=timezone.now())
    if code is None:
        return redirect("portal:prove", "passkey")
    named = {"name": device_label(device(request))}
    form = NameForm(request.POST if request.method == "POST" else None, initial=named)
    if form.is_bound and form.is_valid():
        try:
            made = passkeys.add_passkey(
                user=request.user,
                name=form.cleaned_data["name"],
                credential=_sent(request),
                code=code,
                now=timezone.now(),
            )
        except PasskeyError:
            form.add_error(None, _("The passkey could not be made. Try again."))
        except ExpiredCodeError:
            messages.error(request, EXPIRED_CODE_TEXT)
            return redirect("portal:prove", "passkey")
        else:
            _mail_notice(request, made.name, added=True)
            messages.success(request, _("The passkey is added. Use it the next time you log in."))
            return redirect("portal:security")
    return render(request, "portal/creator/passkey_add.html", {"form": form, "section": "security"})


@require_POST
@creator_required
def passkey_new_options(request: CreatorRequest) -> HttpResponse:
    """Return the options with which the browser creates a passkey."""
    if not passkeys.manages_passkeys_in_portal(request.user) or not proof_of(
        request, CodePurpose.PASSKEYS, now=timezone.now()
    ):
        raise Http404
    return JsonResponse(passkeys.registration_options(request.user))


@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def passkey(request: CreatorRequest, passkey_id: int) -> HttpResponse:
    """Rename or remove one of the creator's own passkeys."""
    found = passkeys.passkey_of(request.user, passkey_id)
    if found is None or not passkeys.manages_passkeys_in_portal(request.user):
        raise Http404
    form = NameForm(
        request.POST if request.method == "POST" else None, initial={"name": found.name}
    )
    if request.method == "POST" and "remove" in request.POST:
        if passkeys.remove_passkey(user=request.user, passkey_id=passkey_id):
            _mail_notice(request, found.name, added=False)
        messages.success(request, _("The passkey is removed. Nobody can log in with it any more."))
        return redirect("portal:security")
    if form.is_bound and form.is_valid():
        passkeys.rename_passkey(
            user=request.user, passkey_id=passkey_id, name=form.cleaned_data["name"]
        )
        return redirect("portal:security")
    context = {"form": form, "passkey": found, "section": "security"}
    return render(request, "portal/creator/passkey.html", context)


def _sent(request: HttpRequest) -> Any:
    """The credential that the browser sent. Raises PasskeyError unless it is JSON."""
    try:
        return json.loads(request.POST.get("credential", ""))
    except (ValueError, RecursionError) as error:
        raise PasskeyError from error


def _mail_notice(request: CreatorRequest, name: str, *, added: bool) -> None:
    """Mail the change of a passkey. The change stays even if the mail server does not answer."""
    try:
        send_notice(
            "passkey_changed",
            to=request.user.email,
            now=timezone.now(),
            where=device_label(device(request)),
            values={"added": added, "passkey": name},
        )
    except TransactionalMailError:
        messages.warning(request, _("The mail that confirms it could not be sent."))
