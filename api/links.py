"""/r/<slug>: redirect a shopper from a tracking link to the shop, with a click id."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracking.links.clicks import follow_link

HEADERS = {
    "Cache-Control": "no-store",
    # The shop learns the site that the shopper comes from, but not the full address.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Robots-Tag": "noindex",
}


@require_safe
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirect to the shop. An unknown link gets the same 404 page as any unknown address."""
    redirect = follow_link(
        slug=slug,
        user_agent=request.headers.get("User-Agent", ""),
        referrer=request.headers.get("Referer", ""),
        is_visit=request.method == "GET" and not _is_prefetch(request),
        now=timezone.now(),
    )
    if redirect is None:
        page = render_to_string("errors/404.html", request=request)
        return HttpResponseNotFound(page, headers=HEADERS)
    return HttpResponseRedirect(redirect.url, headers=HEADERS)


def _is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser prefetches the page, which is not a click.

    `Sec-Purpose: prefetch` (Fetch standard; also "prefetch;prerender"); older browsers: `Purpose`.
    """
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or ""
    return purpose.strip().lower().startswith("prefetch")
