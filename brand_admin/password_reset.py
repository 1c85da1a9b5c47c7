"""Ask for a link to set a new password. The answer is the same for every address, and as quick.

The request is a row that is mailed after the answer, like a code: see accounts.codes. What the link
opens is allauth's.
"""

from __future__ import annotations

import math
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.codes import TooManyCodesError, ask_code
from accounts.known_browsers import known_as
from accounts.models import CodePurpose
from affiliates.code_login import AddressForm, asker_of
from affiliates.code_mail import SENDERS
from core.after_answer import RedirectThenWork


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    """Take the address; the link is mailed to it after the answer, if it is proven."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        address = form.cleaned_data["email"]
        try:
            ask_code(
                address=address,
                purpose=CodePurpose.PASSWORD_RESET,
                asker=asker_of(request, known=known_as(request, address)),
                now=timezone.now(),
            )
        except TooManyCodesError as error:
            form.add_error(None, _too_many(error.wait))
        else:
            return RedirectThenWork(reverse("account_reset_password_done"), SENDERS)
    return render(
        request,
        "account/password_reset.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


def _too_many(wait: timedelta) -> str:
    minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
    until = "in one minute" if minutes == 1 else f"in {minutes} minutes"
    return (
        "Too many mails were asked for, for this address or from your network."
        f" Ask again {until}, or use the link that you already have."
    )
