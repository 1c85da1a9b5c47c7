"""Keep an offer's codes in step with a shop, and decide about what differs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.codes_forms import KeepForm
from brand_admin.connections.codes_lists import CodeMember
from brand_admin.connections.events_lists import SECTION
from brand_admin.listing.views import show_list
from brand_admin.pages import id_in, render_page
from brand_admin.refusals import add_refusal
from core.text import sentence
from integrations import codes as services
from integrations.compared import offer_discounts
from integrations.models import ComparedCode, OfferDiscount
from integrations.selectors import live_connections
from tracking.links.items import ItemError


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def keep(request: BrandRequest) -> HttpResponse:
    """Choose shop, offer and percentage; the same page changes the percentage."""
    form = KeepForm(
        request.POST if request.method == "POST" else None, initial=_from_address(request)
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            discount = services.keep_in_step(
                connection=chosen["connection"],
                offer=chosen["offer"],
                percent_bp=chosen["percent"],
                by=request.actor,
                now=timezone.now(),
            )
        except services.CodesError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "The codes are being compared with the shop.")
            return redirect("brand_admin:compared_codes", request.brand.slug, discount.pk)
    return render_page(
        request,
        "brand_admin/connections/codes_keep.html",
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        has_shops=live_connections().exists(),
    )


def _from_address(request: BrandRequest) -> dict[str, Any]:
    """The discount whose percentage is to be changed, if the address names one."""
    pk = id_in(request.GET.get("discount", ""))
    found = offer_discounts().filter(pk=pk).first() if pk is not None else None
    if found is None:
        return {}
    return {
        "connection": found.connection_id,
        "offer": found.offer_id,
        "percent": found.percent_bp,
    }


@require_POST
@brand_page(Permission.MANAGE)
def compare(request: BrandRequest, discount_id: int) -> HttpResponse:
    """Have the codes compared as soon as a worker can."""
    discount = get_object_or_404(OfferDiscount, pk=discount_id)
    services.compare_now(discount=discount, now=timezone.now())
    messages.success(request, "The codes are being compared. Reload the page in a minute.")
    return redirect("brand_admin:compared_codes", request.brand.slug, discount.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def stop(request: BrandRequest, discount_id: int) -> HttpResponse:
    """Ask for confirmation, then stop keeping the codes in step and end them in the shop."""
    discount = get_object_or_404(offer_discounts(), pk=discount_id)
    if request.method != "POST":
        return render_page(
            request, "brand_admin/connections/codes_stop.html", section=SECTION, discount=discount
        )
    services.stop_keeping(discount=discount, by=request.actor, now=timezone.now())
    messages.success(request, "The codes are being ended in the shop.")
    return redirect("brand_admin:compared_codes", request.brand.slug, discount.pk)


@require_POST
@brand_page(Permission.MANAGE)
def make(request: BrandRequest, discount_id: int, code_id: int) -> HttpResponse:
    """Have one code made in the shop."""
    code = _code(discount_id, code_id)
    number = services.make_in_shop(
        codes=[code.pk], discount=code.discount, by=request.actor, now=timezone.now()
    )
    return _told(
        request, code.discount, number, "The code will be made in the shop within a minute."
    )


@require_POST
@brand_page(Permission.MANAGE)
def end(request: BrandRequest, discount_id: int, code_id: int) -> HttpResponse:
    """Have one code ended in the shop."""
    code = _code(discount_id, code_id)
    number = services.end_in_shop(
        codes=[code.pk], discount=code.discount, by=request.actor, now=timezone.now()
    )
    return _told(
        request, code.discount, number, "The code will be ended in the shop within a minute."
    )


def _code(discount_id: int, code_id: int) -> ComparedCode:
    rows = ComparedCode.objects.select_related("discount").filter(discount=discount_id)
    code: ComparedCode = get_object_or_404(rows, pk=code_id)
    return code


def _told(request: BrandRequest, discount: OfferDiscount, number: int, done: str) -> HttpResponse:
    if number:
        messages.success(request, done)
    else:
        messages.warning(request, "Nothing was changed: the code is not like that any more.")
    return redirect("brand_admin:compared_codes", request.brand.slug, discount.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def give(request: BrandRequest, discount_id: int, code_id: int) -> HttpResponse:
    """Choose a member of the offer, confirm, and give them a code that only the shop knows."""
    choice = CodeMember(request, discount_id=discount_id, code_id=code_id)
    asked = id_in((request.POST or request.GET).get("enrollment", ""))
    if asked is None:
        return show_list(request, choice)
    to = get_object_or_404(choice.find(), pk=asked)
    problem = ""
    if request.method == "POST":
        try:
            services.give_to_member(
                code=choice.code, enrollment=to, by=request.actor, now=timezone.now()
            )
        except services.CodesError as error:
            problem = sentence(error)
        except ItemError as error:
            problem = sentence("; ".join(error.problems.values()))
        else:
            messages.success(request, f"{to.member} has the code {choice.code.code} now.")
            return redirect("brand_admin:compared_codes", request.brand.slug, discount_id)
    return render_page(
        request,
        "brand_admin/connections/code_give.html",
        section=SECTION,
        status=422 if problem else 200,
        code=choice.code,
        to=to,
        problem=problem,
    )
