"""My questions: the sales I miss, and what the brand answered. Nothing about anybody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.templatetags.display import day, moment
from offers.models import Enrollment
from tracking.claims.selectors import questions_of
from tracking.models import Question, QuestionState

SHOWN = 3  # on the dashboard itself
STAYS = timedelta(days=30)  # how long an answer stays on the dashboard
BADGES = {
    QuestionState.OPEN.value: (gettext_noop("Asked"), "wait"),
    QuestionState.ATTRIBUTED.value: (gettext_noop("Added"), "good"),
    QuestionState.EXPLAINED.value: (gettext_noop("Answered"), "neutral"),
    QuestionState.REFUSED.value: (gettext_noop("Not counted"), "neutral"),
}


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question as the member reads it; `answered` is "" while the brand is looking."""

    id: int
    reference: str
    label: str
    tone: str
    ordered: str
    asked: str
    note: str
    answer: str
    answered: str


def question_rows(questions: Iterable[Question]) -> list[QuestionRow]:
    """The rows of these questions. No query of its own."""
    return [_row(question) for question in questions]


def recent_questions(enrollment: Enrollment, *, now: datetime) -> list[QuestionRow]:
    """What is open or was answered lately, the latest news first. One query."""
    found = questions_of(enrollment.pk)
    lately = found.filter(answered_at=None) | found.filter(answered_at__gte=now - STAYS)
    latest = lately.order_by(Coalesce("answered_at", "asked_at").desc(), "-pk")
    return question_rows(latest[:SHOWN])


def _row(question: Question) -> QuestionRow:
    label, tone = BADGES[question.state]
    return QuestionRow(
        id=question.pk,
        reference=question.order_reference,
        label=_(label),
        tone=tone,
        ordered=day(question.ordered_on),
        asked=moment(question.asked_at),
        note=question.note,
        answer=question.answer,
        answered=moment(question.answered_at) if question.answered_at else "",
    )
