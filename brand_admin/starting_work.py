"""Start long work that a page asks for, and lead to its page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from background.models import Work
from background.running import WorkError
from brand_admin.access import BrandRequest
from core.text import sentence


def start_and_follow(
    request: BrandRequest, start: Callable[[], Work], *, back: str
) -> HttpResponse:
    """Lead to the page of the work that `start` returns.

    When it raises WorkError, say why on the page named `back`, where a file is chosen.
    """
    try:
        work = start()
    except WorkError as error:
        messages.error(request, sentence(error))
        return redirect(f"brand_admin:{back}", request.brand.slug)
    return redirect("brand_admin:work", request.brand.slug, work.pk)
