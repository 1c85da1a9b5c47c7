"""Ask for a fresh code before sensitive actions: payout details, passkeys, export, deletion.

A login proves that a person could read the mail of the address once. A fresh code proves that they
can read it now. The service uses up the entered code in its own transaction, within ten minutes.
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

from accounts.code_limits import Requester
from accounts.codes import (
    ExpiredCodeError,
    TooManyCodesError,
    WrongCodeError,
    ask_code,
    enter_code,
    is_proven,
    is_used_up,
)
from accounts.models import CodePurpose
from affiliates.code_login import (
    EXPIRED_CODE_TEXT,
    CodeForm,
    requester_of,
    too_many_codes_text,
    wrong_code_text,
)
from affiliates.code_mail import CODE_MAIL_THREADS
from core.after_answer import RedirectThenWork
from core.languages import spoken_tag
from portal.creator.access import CreatorRequest, creator_required

ASKED = "asked_codes"  # session key: by purpose, the id of the last mailed code


@dataclass(frozen=True, slots=True)
class Act:
    """An action that needs a code: the next page, the previous page, and the reason to show."""

    purpose: CodePurpose
    onward: str
    back: str
    why: str | Promise


ACTS = {
    "payout": Act(
        CodePurpose.PAYOUT_DETAILS,
        "portal:payout_change",
        "portal:payout",
        gettext_lazy("To change your payout details, enter a code that we email you."),
    ),
    "sharing": Act(
        CodePurpose.DETAILS_RELEASE,
        "portal:payout_share",
        "portal:payout",
        gettext_lazy("To share your payout details with a brand, enter a code that we email you."),
    ),
    "passkey": Act(
        CodePurpose.PASSKEYS,
        "portal:passkey_add",
        "portal:security",
        gettext_lazy(
            "A passkey gives full access to your account, so we make sure that it is you."
        ),
    ),
    "export": Act(
        CodePurpose.EXPORT,
        "portal:data",
        "portal:data",
        gettext_lazy("The file contains all your data, including your account number."),
    ),
    "deletion": Act(
        CodePurpose.DELETION,
        "portal:deletion",
        "portal:data",
        gettext_lazy("Deleting can't be undone, so we make sure that it is you."),
    ),
}


def proof_of(request: CreatorRequest, purpose: CodePurpose, *, now: datetime) -> uuid.UUID | None:
    """Return the id of the code that this session entered and can still use, or None."""
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


def was_used(request: CreatorRequest, purpose: CodePurpose) -> bool:
    """Whether this session's code was used up minutes ago, so that a POST may be a second tap.

    The caller compares what is posted with what is stored, and changes nothing.
    """
    asked = request.session.get(ASKED, {}).get(purpose.value)
    return bool(asked) and is_used_up(
        public_id=uuid.UUID(asked),
        purpose=purpose,
        address=request.creator.email,
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def prove(request: CreatorRequest, act: str) -> HttpResponse:
    """Say why a code is needed. A POST mails it, after the response is sent."""
    wanted = _act(act)
    if proof_of(request, wanted.purpose, now=timezone.now()):
        return redirect(wanted.onward)
    problem = ""
    if request.method == "POST":
        try:
            _ask(request, wanted, now=timezone.now())
        except TooManyCodesError as error:
            problem = too_many_codes_text(error)
        else:
            return RedirectThenWork(reverse("portal:prove_code", args=[act]), CODE_MAIL_THREADS)
    return _show(request, "portal/creator/prove.html", wanted, problem=problem)


@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def prove_code(request: CreatorRequest, act: str) -> HttpResponse:
    """Check the code, which is valid for ten minutes and five attempts."""
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
                requester=_requester(request),
                now=timezone.now(),
            )
        except WrongCodeError as error:
            form.add_error("code", wrong_code_text(error.left))
        except ExpiredCodeError:
            messages.error(request, EXPIRED_CODE_TEXT)
            return redirect("portal:prove", act)
        else:
            return redirect(wanted.onward)
    return _show(request, "portal/creator/prove_code.html", wanted, form=form)


def _ask(request: CreatorRequest, act: Act, *, now: datetime) -> None:
    """Request a code for the creator's own address. Raises TooManyCodesError."""
    row = ask_code(
        address=request.creator.email,
        purpose=act.purpose,
        requester=_requester(request),
        language=spoken_tag(),
        now=now,
    )
    asked = request.session.get(ASKED, {})
    request.session[ASKED] = {**asked, act.purpose.value: str(row.public_id)}


def _requester(request: CreatorRequest) -> Requester:
    """The rate limit of a logged-in person counts only their own requests."""
    return requester_of(request, known=f"user {request.user.pk}")


def _act(act: str) -> Act:
    if act not in ACTS:
        raise Http404
    return ACTS[act]


def _show(request: CreatorRequest, template: str, act: Act, **context: object) -> HttpResponse:
    frame = {
        "act": act,
        "what": act.purpose.label,
        "address": request.creator.email,
        "title": _("Is it you?"),
    }
    return render(request, template, frame | context)
