"""The web app manifest: the portal as an app on a phone's home screen.

It is the same for everybody and names no person. It must never name a dashboard: a browser sends
the start address of an installed app to its maker's server (Chrome on Android has it built there),
and the address of a dashboard is a secret. So an app that is installed from a dashboard starts in
the portal, where a login leads to the same dashboards. The scope is the whole site, because portal
and dashboards have no common start but that.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.languages import speaking
from core.transactional_mail import PRODUCT

PAPER, CARD = "#fbfaf7", "#ffffff"  # of static/css/tokens.css, in light
ICONS = (
    ("icons/app-192.png", 192, "any"),
    ("icons/app-512.png", 512, "any"),
    ("icons/app-maskable-512.png", 512, "maskable"),
)
KEPT_BY_BROWSERS = "public, max-age=86400"


@require_safe
def manifest(request: HttpRequest, language: str) -> HttpResponse:
    """Answer the manifest in a language (W3C, Web Application Manifest)."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with speaking(language):
        content = {
            "id": reverse("portal:home"),
            "name": PRODUCT,
            "short_name": PRODUCT,
            "description": _("Your codes, links, earnings and payments of every brand"),
            "lang": language,
            "start_url": reverse("portal:home"),
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": CARD,
            "icons": [
                {
                    "src": static(path),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for path, size, purpose in ICONS
            ],
            "shortcuts": [
                {"name": _("Earnings"), "url": reverse("portal:earnings")},
                {"name": _("Payout"), "url": reverse("portal:payout")},
            ],
        }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = KEPT_BY_BROWSERS
    return response
