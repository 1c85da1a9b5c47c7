"""Upload or remove the brand's logo."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from accounts.pictures import PictureError, set_logo
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.picture_form import PictureForm
from brand_admin.refusals import add_refusal


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.ADMINISTER)
def brand_logo(request: BrandRequest) -> HttpResponse:
    is_sent = request.method == "POST"
    form = PictureForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if form.is_valid():
        try:
            set_logo(brand=request.brand, file=form.content, by=request.actor, now=timezone.now())
        except PictureError as error:
            add_refusal(form, error, field="file")
        else:
            messages.success(request, "The logo is saved.")
            return redirect("brand_admin:settings", request.brand.slug)
    return render_page(
        request,
        "brand_admin/settings/logo.html",
        section="settings",
        status=422 if form.errors else 200,
        form=form,
    )
