"""The local inbox's pages: every mail the product sent on this machine. Local mode only."""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from config.local.mails import Mail, find_keys, read_mail, read_rows

MAILS_ON_A_PAGE = 50
# A mail may have styles and pictures; it may not run scripts, load other files or send forms.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data: http: https:; frame-ancestors 'self'"
)
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


@require_safe
def list_mails(request: HttpRequest) -> HttpResponse:
    """All mails, newest first, searched by address or any other header."""
    search = request.GET.get("q", "").strip()
    folder = _folder()
    pages = Paginator(find_keys(folder, search=search), MAILS_ON_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = read_rows(folder, list(page.object_list))
    return render(request, "local/inbox.html", {"rows": rows, "page": page, "search": search})


@require_safe
def show_mail(request: HttpRequest, key: str) -> HttpResponse:
    """One mail: as HTML, as plain text, and its headers."""
    return render(request, "local/mail.html", {"mail": _mail_or_404(key)})


@require_safe
@xframe_options_sameorigin
def show_mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """A mail's HTML, for the frame on its page; its links open in a new tab."""
    html = _mail_or_404(key).html
    base = '<base target="_blank">'
    head = HEAD.search(html)
    body = html[: head.end()] + base + html[head.end() :] if head else base + html
    return HttpResponse(body, headers={"Content-Security-Policy": MAIL_POLICY})


def _folder() -> Path:
    return Path(os.environ.get("LOCAL_INBOX", os.devnull))


def _mail_or_404(key: str) -> Mail:
    mail = read_mail(_folder(), key)
    if mail is None:
        raise Http404
    return mail
