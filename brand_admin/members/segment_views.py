"""Save a filter of the members as a segment, rename it, delete it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from affiliates.models import Segment
from affiliates.segments import SegmentError, delete_segment, rename_segment, save_segment
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import SegmentForm
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from brand_admin.segments import choice_of, in_words, to_save
from core.components.page_urls import page_url

SECTION = "members"
TEMPLATE = "brand_admin/members/segment.html"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def segment_new(request: BrandRequest) -> HttpResponse:
    """Name the filter that the address holds."""
    query = to_save(request.GET)
    if not query:
        messages.info(request, "Filter the members first: a segment is a filter with a name.")
        return redirect("brand_admin:members", request.brand.slug)
    form = SegmentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            segment = save_segment(
                name=form.cleaned_data["name"], query=query, by=request.actor, now=timezone.now()
            )
        except SegmentError as error:
            add_refusal(form, error, as_it_is=True)
        else:
            messages.success(request, f"{segment} is saved.")
            return redirect(_list_of(request, segment))
    return _form_page(request, form, query, segment=None)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def segment_edit(request: BrandRequest, segment_id: int) -> HttpResponse:
    """Rename a segment. Its filter stays: another filter is another segment."""
    segment = get_object_or_404(Segment, pk=segment_id)
    form = SegmentForm(
        request.POST if request.method == "POST" else None, initial={"name": segment.name}
    )
    if form.is_bound and form.is_valid():
        try:
            segment = rename_segment(
                segment=segment,
                name=form.cleaned_data["name"],
                by=request.actor,
                now=timezone.now(),
            )
        except SegmentError as error:
            add_refusal(form, error, as_it_is=True)
        else:
            messages.success(request, f"{segment} is saved.")
            return redirect(_list_of(request, segment))
    return _form_page(request, form, segment.query, segment=segment)


@require_POST
@brand_page(Permission.MANAGE)
def segment_delete(request: BrandRequest, segment_id: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=segment_id)
    delete_segment(segment=segment, by=request.actor, now=timezone.now())
    messages.success(request, f"{segment} is deleted. Its members stay as they are.")
    return redirect("brand_admin:members", request.brand.slug)


def _list_of(request: BrandRequest, segment: Segment) -> str:
    address = page_url("brand_admin:members", [request.brand.slug])
    return f"{address}?{urlencode({'segment': segment.pk})}"


def _form_page(
    request: BrandRequest, form: SegmentForm, query: str, *, segment: Segment | None
) -> HttpResponse:
    return render_page(
        request,
        TEMPLATE,
        section=SECTION,
        status=422 if form.errors else 200,
        form=form,
        segment=segment,
        words=in_words(query),
        members=choice_of(query).members().order_by().count(),
        back=_list_of(request, segment)
        if segment
        else f"{page_url('brand_admin:members', [request.brand.slug])}?{query}",
    )
