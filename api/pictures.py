"""/pictures/<brand>/<digest>: the public address of a brand's logo or an offer's image.

The address contains the digest of the content, so caches may keep it for ever.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.models import Brand, Picture
from core.tenancy import acting_for

FOREVER = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """Return the picture, or 404."""
    brand = Brand.objects.filter(slug=slug).first()
    if brand is None:
        raise Http404
    with acting_for(brand):
        found = get_object_or_404(Picture, digest=digest)
    return HttpResponse(
        bytes(found.content),
        content_type=found.content_type,
        headers={
            "Cache-Control": FOREVER,
            "Content-Disposition": "inline",
            "Cross-Origin-Resource-Policy": "cross-origin",  # webmail pages show it too
            "X-Content-Type-Options": "nosniff",
        },
    )
