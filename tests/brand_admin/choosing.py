"""What tests about chosen rows share: where they are posted, what was said, a worker."""

from __future__ import annotations

import re
from html import unescape

from django.utils import timezone

from background.models import Work
from background.running import run_slice
from brand_admin.work_handlers import HANDLERS
from tests.answers import Answer

SEVERAL_PAGES = 55


def posted_to(page: Answer) -> str:
    """Where the form around the table sends the chosen rows."""
    [action] = re.findall(r'action="([^"]*)"\s+data-selection', page.content.decode())
    return unescape(action)


def told(answer: Answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def let_a_worker(answer: Answer) -> Work:
    work = answer.context["work"]
    run_slice(work.pk, handlers=HANDLERS, now=timezone.now())
    return Work.objects.get(pk=work.pk)
