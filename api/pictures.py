"""/pictures/<brand>/<digest>: a brand's logo or an offer's image, for everybody and for ever.

The address names the content, so what it shows never changes.
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
    """The picture; whatever is none is a page that does not exist."""
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
            "Cross-Origin-Resource-Policy": "cross-origin",  # mail readers show it too
            "X-Content-Type-Options": "nosniff",
        },
    )
