"""A member's links: making one, naming it, choosing its end, saying where it is shared."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.actors import Actor
from portal.dashboard.access import Visit, dashboard_page, nothing_here
from portal.dashboard.frame import render_page
from portal.dashboard.link_forms import DeepLinkForm, LinkForm, PlacesForm
from portal.dashboard.qr import draw
from portal.dashboard.shared_items import (
    begins_with,
    can_make_links,
    deep_links,
    own_link,
    shareable_link,
    with_places,
)
from tracking.links.items import ItemError
from tracking.links.own_slugs import earlier_slugs
from tracking.links.tracking_links import LinkError, change_link, make_deep_link

READING_STATUS, REFUSED_STATUS = 200, 422


@dashboard_page(writes=True)
def links(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Make a deep link to one page of the shop, and list earlier ones."""
    form = DeepLinkForm(request.POST or None, offer=visit.offer)
    can_make = can_make_links(visit.enrollment, now=visit.now)
    if request.method == "POST" and can_make and form.is_valid():
        try:
            made = make_deep_link(
                enrollment=visit.enrollment,
                destination_url=form.cleaned_data["page"],
                label=form.cleaned_data["label"],
                slug=form.cleaned_data.get("slug", ""),
                by=Actor.of_member(str(visit.member)),
                by_member=True,
                now=visit.now,
            )
        except ItemError as error:
            form.add_error("page", str(error))
        except LinkError as error:
            form.add_error(error.field or None, str(error))
        else:
            return _to_link(visit, made.slug, "made")
    return render_page(
        request,
        "links",
        visit,
        status=REFUSED_STATUS if request.method == "POST" else READING_STATUS,
        form=form,
        shop=", ".join(visit.offer.link_domains),
        can_make=can_make,
        links=deep_links(visit.enrollment),
        begins_with=begins_with(visit.brand),
    )


@dashboard_page(writes=True)
def link(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """Show one link with the places where it is shared, its name and its end; change the latter."""
    row = own_link(visit.enrollment, slug)
    if row is None:
        return nothing_here(request)
    named = {"label": row.label, "slug": row.slug}
    form = LinkForm(request.POST or None, offer=visit.offer, initial=named)
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_link(
                link=row,
                label=form.cleaned_data["label"],
                slug=form.cleaned_data.get("slug", ""),
                by=Actor.of_member(str(visit.member)),
                by_member=True,
                now=visit.now,
            )
        except LinkError as error:
            form.add_error(error.field or None, str(error))
        else:
            return _to_link(visit, changed.slug, "changed")
    places = PlacesForm(request.GET)
    return render_page(
        request,
        "link",
        visit,
        status=REFUSED_STATUS if request.method == "POST" else READING_STATUS,
        link=with_places(row, visit.brand, places.places()),
        places=places,
        form=form,
        begins_with=begins_with(visit.brand),
        earlier=earlier_slugs(row),
        done=request.GET.get("done", ""),
    )


@dashboard_page()
def qr(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the QR code of the member's link, or of the deep link in ?link=."""
    found = shareable_link(visit.enrollment, request.GET.get("link", ""), request.GET)
    if found is None:
        return nothing_here(request)
    return render_page(request, "qr", visit, link=found)


@dashboard_page()
def qr_image(request: HttpRequest, visit: Visit, kind: str) -> HttpResponse:
    """Return the QR code as an SVG image, or as a PNG download."""
    found = shareable_link(visit.enrollment, request.GET.get("link", ""), request.GET)
    if found is None:
        return nothing_here(request)
    if kind == "svg":
        return HttpResponse(draw(found.url, "svg"), content_type="image/svg+xml")
    return HttpResponse(
        draw(found.url, "png"),
        content_type="image/png",
        headers={"Content-Disposition": f'attachment; filename="qr-{found.slug}.png"'},
    )


def _to_link(visit: Visit, slug: str, done: str) -> HttpResponse:
    return redirect(f"{reverse('portal:link', args=[visit.token, slug])}?done={done}")
