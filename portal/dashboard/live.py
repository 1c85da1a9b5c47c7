"""A dashboard that stays open keeps its figures current, and asking costs next to nothing.

The script on the page asks for the page again with the tag of the one it shows (RFC 9110, 13.1.2).
While nothing changed the answer is 304 without a body, after one small query; a header brings how
current the page is, in its own words.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.translation import gettext as _

from core.assets import stylesheet
from core.languages import spoken_tag
from core.templatetags.display import clock, time_zone_name
from core.templatetags.page import chosen_scheme_of
from portal.dashboard.access import Visit
from portal.dashboard.change_tag import change_tag

UPDATED = "Dashboard-Updated"  # percent-encoded, since a header is ASCII


def tag_of(request: HttpRequest, visit: Visit) -> str:
    """The page's ETag: weak, since two pages that say the same may differ in bytes."""
    parts = (
        change_tag(visit.enrollment, now=visit.now),
        request.get_full_path(),
        chosen_scheme_of(request),
        spoken_tag(),
        stylesheet("portal").digest,
    )
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, visit: Visit, tag: str) -> HttpResponse | None:
    """304 when the reader has the page as it is now; None when it has to be drawn."""
    if request.headers.get("If-None-Match") != tag:
        return None
    response = HttpResponseNotModified()
    response["ETag"], response[UPDATED] = tag, quote(updated(visit))
    return response


def updated(visit: Visit) -> str:
    """The last line of the page: how current it is."""
    return _("Updated %(clock)s, %(zone)s") % {"clock": clock(visit.now), "zone": time_zone_name()}
