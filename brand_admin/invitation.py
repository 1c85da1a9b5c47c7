"""The page on which a person accepts an invitation to a brand's staff. Its link works once.

The link proves the address and nothing else: a person who has a login must log in first.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.invitation_links import invitation_for
from accounts.invitations import (
    InvitationError,
    LoginError,
    accept_invitation,
    accept_with_new_login,
    has_login,
)
from accounts.models import Invitation, InvitationState, User
from core.form_fields import OneLineField


class NewLoginForm(forms.Form):
    """A new login, for a person who has none."""

    name = OneLineField(label="Your name", max_length=200)
    password = forms.CharField(
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least twelve characters, and none that is known from leaks.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(
            password, user=User(email=self.email, name=self.cleaned_data.get("name", ""))
        )
        return password


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation; accept it with POST, so that a mail scanner's GET does not use it up."""
    found = invitation_for(token)
    if found is None:
        raise Http404
    try:
        answer = _page(request, found)
    except InvitationError as error:
        answer = _closed(request, found, error.state)
    # Keeps the link from other sites. Under "no-referrer" browsers send "Origin: null" with the
    # form, which the CSRF protection refuses (Fetch standard, "append a request Origin").
    answer["Referrer-Policy"] = "strict-origin"
    return answer


def _page(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Return the page that fits this visitor. Raises InvitationError."""
    state = found.state_at(timezone.now())
    if state != InvitationState.OPEN:
        raise InvitationError(state)
    if request.user.is_authenticated:
        return _for_user(request, found, request.user)
    if has_login(found.email):
        return _show(request, found, kind="log_in")
    return _for_newcomer(request, found)


def _for_user(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        try:
            accept_invitation(invitation=found, user=user, now=timezone.now())
        except LoginError:
            return _show(request, found, kind="somebody_else", status=403)
        return redirect("brand_admin:home", found.brand.slug)
    is_theirs = user.email.lower() == found.email
    return _show(request, found, kind="accept" if is_theirs else "somebody_else")


def _for_newcomer(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = NewLoginForm(request.POST if request.method == "POST" else None, email=found.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_with_new_login(
                invitation=found,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                now=timezone.now(),
            )
        except LoginError:
            return _show(request, found, kind="log_in")
        record_authentication(request, user, method="invitation")
        home = reverse("brand_admin:home", args=[found.brand.slug])
        return perform_login(request, Login(user=user, redirect_url=home))  # type: ignore[no-any-return]
    return _show(request, found, kind="new", form=form, status=422 if form.errors else 200)


def _show(
    request: HttpRequest, found: Invitation, *, kind: str, status: int = 200, **context: Any
) -> HttpResponse:
    frame = {"invitation": found, "brand": found.brand, "accent": found.brand.accent, "kind": kind}
    return render(request, "brand_admin/invitation.html", frame | context, status=status)


def _closed(request: HttpRequest, found: Invitation, state: InvitationState) -> HttpResponse:
    return _show(request, found, kind=state.value, status=410)
