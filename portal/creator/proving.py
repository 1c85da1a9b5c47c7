"""A fresh code for what a login alone is not enough for: money, passkeys, all data at once.

Being logged in proves that somebody once read the address; a fresh code that they read it now. What
was proven is a row that the service spends in its own transaction: once, within ten minutes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.code_limits import Asker
from accounts.codes import (
    CodeOverError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
    is_proven,
)
from accounts.models import CodePurpose
from affiliates.code_login import OVER, CodeForm, asker_of, too_many, tries_left
from affiliates.code_mail import SENDERS
from core.after_answer import RedirectThenWork
from core.languages import spoken_tag
from portal.creator.access import OwnRequest, own_page

ASKED = "asked_codes"  # by purpose, the id of the last code that was mailed for it


@dataclass(frozen=True, slots=True)
class Act:
    """Something that needs a code: where it goes on, where it came from, and why it is asked."""

    purpose: CodePurpose
    onward: str
    back: str
    why: str | Promise


ACTS = {
    "payout": Act(
        CodePurpose.PAYOUT_DETAILS,
        "portal:payout_change",
        "portal:payout",
        gettext_lazy("Where your money goes is changed only by who can read your mail right now."),
    ),
    "sharing": Act(
        CodePurpose.DETAILS_RELEASE,
        "portal:payout_share",
        "portal:payout",
        gettext_lazy("Only who can read your mail right now may show a brand where you are paid."),
    ),
    "passkey": Act(
        CodePurpose.PASSKEYS,
        "portal:passkey_add",
        "portal:security",
        gettext_lazy("A passkey opens everything here, so only you may add one."),
    ),
    "export": Act(
        CodePurpose.EXPORT,
        "portal:data",
        "portal:data",
        gettext_lazy("The file holds everything about you, your account number too."),
    ),
    "deletion": Act(
        CodePurpose.DELETION,
        "portal:deletion",
        "portal:data",
        gettext_lazy("Deleting can't be undone, so we make sure that it is you."),
    ),
}


def proof_of(request: OwnRequest, purpose: CodePurpose, *, now: datetime) -> uuid.UUID | None:
    """The code for `purpose` that this session entered and can still use, if there is one."""
    asked = request.session.get(ASKED, {}).get(purpose.value)
    if not asked:
        return None
    public_id = uuid.UUID(asked)
    email = request.creator.email
    return (
        public_id
        if is_proven(public_id=public_id, purpose=purpose, address=email, now=now)
        else None
    )


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def prove(request: OwnRequest, act: str) -> HttpResponse:
    """Say why a code is needed; after the answer to a POST it is mailed."""
    wanted = _act(act)
    if proof_of(request, wanted.purpose, now=timezone.now()):
        return redirect(wanted.onward)
    problem = ""
    if request.method == "POST":
        try:
            _ask(request, wanted, now=timezone.now())
        except TooManyCodesError as error:
            problem = too_many(error.wait)
        else:
            return RedirectThenWork(reverse("portal:prove_code", args=[act]), SENDERS)
    return _show(request, "portal/creator/prove.html", wanted, problem=problem)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def prove_code(request: OwnRequest, act: str) -> HttpResponse:
    """Take the code: ten minutes, five tries."""
    wanted = _act(act)
    asked = request.session.get(ASKED, {}).get(wanted.purpose.value)
    if not asked:
        return redirect("portal:prove", act)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            enter_code(
                public_id=uuid.UUID(asked),
                code=form.cleaned_data["code"],
                asker=_asker(request),
                now=timezone.now(),
            )
        except WrongCodeError as error:
            form.add_error("code", tries_left(error.left))
        except CodeOverError:
            messages.error(request, OVER)
            return redirect("portal:prove", act)
        else:
            return redirect(wanted.onward)
    return _show(request, "portal/creator/prove_code.html", wanted, form=form)


def _ask(request: OwnRequest, act: Act, *, now: datetime) -> None:
    """Ask for a code for the creator's own address. Raises TooManyCodesError."""
    row = ask_code(
        address=request.creator.email,
        purpose=act.purpose,
        asker=_asker(request),
        language=spoken_tag(),
        now=now,
    )
    asked = request.session.get(ASKED, {})
    request.session[ASKED] = {**asked, act.purpose.value: str(row.public_id)}


def _asker(request: OwnRequest) -> Asker:
    """Somebody who is logged in is counted by themselves."""
    return asker_of(request, known=f"user {request.user.pk}")


def _act(act: str) -> Act:
    if act not in ACTS:
        raise Http404
    return ACTS[act]


def _show(request: OwnRequest, template: str, act: Act, **context: object) -> HttpResponse:
    frame = {
        "act": act,
        "what": act.purpose.label,
        "address": request.creator.email,
        "title": _("Is it you?"),
    }
    return render(request, template, frame | context)
