"""/api/docs: the API's document as a page for people, drawn by Redoc. Public; it names no brand.

Redoc's script ships in the package `ninja`, and is one of our static files. What it needs beyond
our usual policy is allowed on this page alone: two style elements, named by their hashes, its icons
as data, and its search, which is a worker that it makes itself.
"""

from __future__ import annotations

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

# An empty style element, which it fills by script, and that of its scroll bars.
STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # pragma: allowlist secret
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",  # pragma: allowlist secret
)
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF, *STYLES],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "worker-src": ["blob:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


@require_safe
@csp(POLICY)
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API."""
    return render(request, "api/reference.html", {"part": "reference"})
