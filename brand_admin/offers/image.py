"""Upload or remove an offer's image."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from accounts.pictures import PictureError
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.picture_form import PictureForm
from brand_admin.refusals import add_refusal
from offers.models import Offer
from offers.services import set_offer_image


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def offer_image(request: BrandRequest, offer_id: int) -> HttpResponse:
    offer: Offer = get_object_or_404(Offer, pk=offer_id)
    is_sent = request.method == "POST"
    form = PictureForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if form.is_valid():
        try:
            set_offer_image(offer=offer, file=form.content, by=request.actor, now=timezone.now())
        except PictureError as error:
            add_refusal(form, error, field="file")
        else:
            messages.success(request, f"The image of {offer.name} is saved.")
            return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    return render_page(
        request,
        "brand_admin/offers/image.html",
        section="offers",
        status=422 if form.errors else 200,
        offer=offer,
        form=form,
    )
