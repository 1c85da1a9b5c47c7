"""The card of questions: the member's own missing sales, and the brand's answers."""

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

MAX_QUESTIONS_SHOWN = 3
ANSWER_SHOWN_FOR = timedelta(days=30)
BADGES = {
    QuestionState.OPEN.value: (gettext_noop("Asked"), "wait"),
    QuestionState.ATTRIBUTED.value: (gettext_noop("Added"), "good"),
    QuestionState.EXPLAINED.value: (gettext_noop("Answered"), "neutral"),
    QuestionState.REFUSED.value: (gettext_noop("Not counted"), "neutral"),
}


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question for the member; `answered` is "" until the brand answers."""

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
    """Return the rows of these questions. No query."""
    return [_row(question) for question in questions]


def recent_questions(enrollment: Enrollment, *, now: datetime) -> list[QuestionRow]:
    """Return open and recently answered questions, the latest change first. One query."""
    found = questions_of(enrollment.pk)
    lately = found.filter(answered_at=None) | found.filter(answered_at__gte=now - ANSWER_SHOWN_FOR)
    latest = lately.order_by(Coalesce("answered_at", "asked_at").desc(), "-pk")
    return question_rows(latest[:MAX_QUESTIONS_SHOWN])


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
