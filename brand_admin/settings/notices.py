"""Settings: which mails members get automatically about what happened to them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from notices.choosing import set_kinds_sent
from notices.models import NoticeKind
from notices.selectors import kinds_sent

SECTION = "settings"


class NoticesForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        required=False,
        choices=NoticeKind.choices,
        label="Send a mail when",
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def of(cls, kinds: list[NoticeKind], data: Any = None) -> NoticesForm:
        return cls(data, initial={"kinds": [kind.value for kind in kinds]})


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER)
def notices(request: BrandRequest) -> HttpResponse:
    """Choose which kinds of automatic mails the brand sends."""
    form = NoticesForm.of(kinds_sent(), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        set_kinds_sent(
            brand=request.brand,
            kinds=[NoticeKind(kind) for kind in form.cleaned_data["kinds"]],
            by=request.actor,
            now=timezone.now(),
        )
        messages.success(request, "Saved.")
        return redirect("brand_admin:settings_notices", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/notices.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
    )
