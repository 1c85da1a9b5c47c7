"""Download and delete all data about a creator. Both need a fresh code."""

from __future__ import annotations

from tempfile import TemporaryFile

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.codes import ExpiredCodeError, spend_code
from accounts.models import CodePurpose
from accounts.selectors import brands_of
from affiliates.code_login import EXPIRED_CODE_TEXT
from affiliates.notices import send_notice
from core.transactional_mail import TransactionalMailError
from notices.selectors import declined_rows
from payouts.releases import brands_that_pay
from portal.creator.access import CreatorRequest, creator_required
from portal.creator.proving import proof_of
from tracking.figures.creator_report import balances_by_currency, offers_of
from tracking.privacy.erasure import erase_creator
from tracking.privacy.export import write_export


@require_safe
@creator_required
def your_data(request: CreatorRequest) -> HttpResponse:
    """Show what data is stored, and how to download and delete it."""
    now = timezone.now()
    context = {
        "section": "data",
        "can_download": proof_of(request, CodePurpose.EXPORT, now=now) is not None,
    }
    return render(request, "portal/creator/data.html", context)


@require_POST
@creator_required
def export(request: CreatorRequest) -> HttpResponseBase:
    """Create and send the file. Uses up the code that was entered for it."""
    now = timezone.now()
    code = proof_of(request, CodePurpose.EXPORT, now=now)
    if code is None:
        return redirect("portal:prove", "export")
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        with transaction.atomic():
            spend_code(
                public_id=code, purpose=CodePurpose.EXPORT, address=request.creator.email, now=now
            )
            write_export(
                creator=request.creator,
                user=request.user,
                to=file,
                now=now,
                more=[("emails_declined", declined_rows(request.creator))],
            )
    except ExpiredCodeError:
        messages.error(request, EXPIRED_CODE_TEXT)
        return redirect("portal:prove", "export")
    file.seek(0)
    name = f"tributary-{now.date().isoformat()}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@creator_required
def deletion(request: CreatorRequest) -> HttpResponse:
    """Show what is deleted and what stays, then delete. Needs a fresh code."""
    now = timezone.now()
    code = proof_of(request, CodePurpose.DELETION, now=now)
    if code is None:
        return redirect("portal:prove", "deletion")
    is_sure = request.POST.get("sure") == "yes"
    if request.method == "POST" and is_sure:
        try:
            is_erased = erase_creator(creator=request.creator, code=code, now=now)
        except ExpiredCodeError:
            messages.error(request, EXPIRED_CODE_TEXT)
            return redirect("portal:prove", "deletion")
        return _log_out_after_deletion(request, mails=is_erased)
    context = {
        "section": "data",
        "brands": brands_that_pay(request.creator),
        "balances": [
            balance
            for balance in balances_by_currency(offers_of(request.creator, now=now))
            if balance.balance.earned_minor > balance.balance.paid_minor
        ],
        "works_for_brands": bool(brands_of(request.user)),
        "is_unsure": request.method == "POST",
    }
    return render(request, "portal/creator/deletion.html", context)


def _log_out_after_deletion(request: CreatorRequest, *, mails: bool) -> HttpResponse:
    """Log out, and mail a confirmation if the mail server answers.

    Of two taps on the button, the one that deleted the data `mails`; both answer the same.
    """
    address = request.creator.email
    get_adapter().logout(request)
    try:
        if mails:
            send_notice("deleted", to=address, now=timezone.now())
    except TransactionalMailError:
        messages.warning(request, _("The mail that confirms it could not be sent."))
    messages.success(request, _("Your data is deleted, and you are logged out."))
    return redirect("portal:login")
