"""Ask for a link to set a new password. The response and its time are the same for every address.

The request is a row that is mailed after the response, like a code: see accounts.codes. The page
that the link opens is allauth's.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.codes import TooManyCodesError, ask_code
from accounts.known_browsers import known_as
from accounts.models import CodePurpose
from affiliates.code_login import AddressForm, requester_of
from affiliates.code_mail import CODE_MAIL_THREADS
from core.after_answer import RedirectThenWork


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    """Ask for the address; if it is proven, the link is mailed to it after the response."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        address = form.cleaned_data["email"]
        try:
            ask_code(
                address=address,
                purpose=CodePurpose.PASSWORD_RESET,
                requester=requester_of(request, known=known_as(request, address)),
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, _too_many_mails_text(error.minutes))
        else:
            return RedirectThenWork(reverse("account_reset_password_done"), CODE_MAIL_THREADS)
    return render(
        request,
        "account/password_reset.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


def _too_many_mails_text(minutes: int) -> str:
    until = "in one minute" if minutes == 1 else f"in {minutes} minutes"
    return (
        "Too many mails were asked for, for this address or from your network."
        f" Ask again {until}, or use the link that you already have."
    )
