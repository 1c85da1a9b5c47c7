"""Read what staff asked for."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import LIVE_WORK, Work, WorkProblem


def all_work() -> QuerySet[Work]:
    """Everything asked for, newest first, without the parameters, which may be long."""
    return Work.objects.order_by("-asked_at", "-pk").defer("parameters")


def running_work() -> QuerySet[Work]:
    """What waits or runs, the longest asked for first."""
    return all_work().filter(state__in=LIVE_WORK).order_by("asked_at", "pk")


def recent_work_about(about: str, *, limit: int = 3) -> list[Work]:
    """The latest that was started in this place."""
    return list(all_work().filter(about=about)[:limit])


def problems_of(work: Work) -> QuerySet[WorkProblem]:
    """What was left out, in the order it was found."""
    return WorkProblem.objects.filter(work=work).order_by("pk")
