"""Keep the figures of an open dashboard current at little cost.

The script on the page requests the page again with its ETag (RFC 9110, 13.1.2). While nothing has
changed, the answer is 304 without a body, after one small query. A header has the new text of the
"Updated" line.
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
    """Return the page's ETag. It is weak, since equal pages may differ in bytes."""
    parts = (
        change_tag(visit.enrollment, now=visit.now),
        request.get_full_path(),
        chosen_scheme_of(request),
        spoken_tag(),
        stylesheet("portal").digest,
    )
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, visit: Visit, tag: str) -> HttpResponse | None:
    """Return 304 when the browser has the current page; None when it must be rendered."""
    if request.headers.get("If-None-Match") != tag:
        return None
    response = HttpResponseNotModified()
    response["ETag"], response[UPDATED] = tag, quote(updated(visit))
    return response


def updated(visit: Visit) -> str:
    """Return the last line of the page: the time of its figures."""
    return _("Updated %(clock)s, %(zone)s") % {"clock": clock(visit.now), "zone": time_zone_name()}
