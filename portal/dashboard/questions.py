"""The card of questions: the member's own missing sales, and the brand's answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.kept_queries import kept_query
from core.templatetags.display import day, moment
from offers.models import Enrollment
from tracking.models import Question, QuestionState
from tracking.questions.selectors import questions_of

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
    return question_rows(_lately(enrollment_id=enrollment.pk, since=now - ANSWER_SHOWN_FOR))


@kept_query
def _lately(*, enrollment_id: int, since: datetime) -> QuerySet[Question]:
    found = questions_of(enrollment_id).filter(Q(answered_at=None) | Q(answered_at__gte=since))
    latest = found.order_by(Coalesce("answered_at", "asked_at").desc(), "-pk")
    return latest[:MAX_QUESTIONS_SHOWN]


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
