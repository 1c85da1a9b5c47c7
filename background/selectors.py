"""Read work."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from background.models import LIVE_WORK, Work, WorkProblem
from core.text import search_words


def all_work(*, search: str = "", kinds: Iterable[str] = (), state: str = "") -> QuerySet[Work]:
    """All work, newest first, without the parameters, which may be long.

    `search` looks in the title and in who asked for it.
    """
    found = Work.objects.order_by("-asked_at", "-pk").defer("parameters")
    for word in search_words(search):
        found = found.filter(Q(title__icontains=word) | Q(asked_by__icontains=word))
    if wanted := list(kinds):
        found = found.filter(kind__in=wanted)
    return found.filter(state=state) if state else found


def running_work() -> QuerySet[Work]:
    """Work that waits or runs, oldest first."""
    return all_work().filter(state__in=LIVE_WORK).order_by("asked_at", "pk")


def live_work_count() -> Coalesce:
    """An expression that counts the waiting and running work of an outer row's brand."""
    live = Work.objects.filter(brand=OuterRef("brand"), state__in=LIVE_WORK)
    counted = live.order_by().values("brand").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def recent_work_about(about: str, *, limit: int = 3) -> list[Work]:
    """The latest work that was started on this page."""
    return list(all_work().filter(about=about)[:limit])


def problems_of(work: Work) -> QuerySet[WorkProblem]:
    """What was skipped, in order."""
    return WorkProblem.objects.filter(work=work).order_by("pk")
