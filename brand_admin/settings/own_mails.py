"""Settings → My account: the mails about the brand that the reader gets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Digest, ReportEvery, Staff
from accounts.permissions import Permission
from accounts.staff_mails import choose_staff_mails
from brand_admin.access import BrandRequest, brand_page


class OwnMailsForm(forms.Form):
    digest = forms.ChoiceField(label="What waits for you", choices=Digest.choices)
    report = forms.ChoiceField(label="Figures, as PDF and CSV", choices=ReportEvery.choices)

    @classmethod
    def of(cls, staff: Staff, data: Any = None) -> OwnMailsForm:
        return cls(data, initial={"digest": staff.digest, "report": staff.report})


def own_staff(request: BrandRequest) -> Staff | None:
    """Return the reader as one of the brand's staff; None in test mode, which has none."""
    return Staff.objects.filter(user=request.user).first()


@require_POST
@brand_page(Permission.OWN_ACCOUNT, live_page="own_account")
def own_mails(request: BrandRequest) -> HttpResponse:
    """Save which mails about the brand the reader gets."""
    staff = own_staff(request)
    form = OwnMailsForm(request.POST)
    if staff is not None and form.is_valid():
        choose_staff_mails(
            staff=staff,
            digest=Digest(form.cleaned_data["digest"]),
            report=ReportEvery(form.cleaned_data["report"]),
            now=timezone.now(),
        )
        messages.success(request, "Saved.")
    else:
        messages.error(request, "Nothing was saved: choose one of the times in the list.")
    return redirect("brand_admin:own_account", request.brand.slug)
