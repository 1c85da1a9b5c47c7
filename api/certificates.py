"""Say to a proxy whether it may get a certificate for a host: Caddy's `on_demand_tls.ask`.

https://caddyserver.com/docs/automatic-https#on-demand-tls. Without asking, anybody could point any
number of names at the proxy, and have it ask for a certificate for each.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.hosts import MAX_HOST
from tracking.links.link_domains import answers_links

HEADERS = {"Cache-Control": "no-store"}


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Answer 200 for a verified link domain in ?domain=, and 404 for anything else."""
    host = request.GET.get("domain", "")
    known = len(host) <= MAX_HOST and "\0" not in host and answers_links(host)
    text = "yes" if known else "no"
    return HttpResponse(
        text, status=200 if known else 404, content_type="text/plain", headers=HEADERS
    )
