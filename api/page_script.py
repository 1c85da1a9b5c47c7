"""/t.js: the page script, for the pages of every shop."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core import page_script


@require_safe
def serve(request: HttpRequest) -> HttpResponse:
    """Serve the script from memory."""
    status, headers, body = page_script.answer(
        if_none_match=request.headers.get("If-None-Match", ""),
        accept_encoding=request.headers.get("Accept-Encoding", ""),
    )
    return HttpResponse(body, status=status, headers=headers)
