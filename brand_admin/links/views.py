"""One tracking link: its address, where it leads, its label and its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.links.forms import LinkForm
from brand_admin.links.lists import SECTION, url_of
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.references import Reference
from tracking.links.items import link_url, without_scheme
from tracking.links.link_list import links
from tracking.links.own_slugs import earlier_slugs
from tracking.links.tracking_links import LinkError, change_link


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def link_page(request: BrandRequest, link_id: int) -> HttpResponse:
    """Show a link, and change its label and its end."""
    row = get_object_or_404(links(), pk=link_id)
    form = LinkForm(
        request.POST if request.method == "POST" else None,
        initial={"label": row.label, "slug": row.slug},
    )
    if form.is_bound and form.is_valid():
        try:
            change_link(link=row, **form.cleaned_data, by=request.actor, now=timezone.now())
        except LinkError as error:
            add_refusal(form, error, as_it_is=True)
        else:
            messages.success(request, "The link is changed.")
            return redirect("brand_admin:link", request.brand.slug, row.pk)
    entries = history_of([Reference.to(row)])
    return render_page(
        request,
        "brand_admin/links/link.html",
        section=SECTION,
        link=row,
        url=url_of(row),
        shown=without_scheme(url_of(row)),
        begins_with=without_scheme(link_url("", request.brand.link_host)),
        leads_to=row.destination_url or row.enrollment.offer.destination_url,
        earlier=earlier_slugs(row),
        form=form,
        history=history.lines(entries),
    )
