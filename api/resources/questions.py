"""Members' questions about missing sales, and the one answer to each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from api.authentication import Scope, actor_of
from api.problems import invalid
from api.resources.enrollments import enrollments_shown
from api.resources.operations import Noun
from api.resources.reading import (
    expanded,
    filter_id,
    linked,
    page_of,
    row_at,
    row_id_named,
    shown_id,
    shown_id_or_none,
)
from api.resources.refusing import not_possible_now
from api.schemas.conversions import Answer, AskedQuestion, AskedQuestions, QuestionShown
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from tracking.models import Question
from tracking.orders.facts import FieldProblem
from tracking.questions.selectors import questions
from tracking.questions.services import (
    AlreadyAnsweredError,
    answer_by_attributing,
    explain_question,
    refuse_question,
)

NOUN = Noun("questions", changes=Scope.ORDERS)
EXPANDABLE = ("enrollment",)
ANSWERING = {"explain": explain_question, "refuse": refuse_question}


@NOUN.get("/questions", Page[QuestionShown])
def list_questions(request: HttpRequest, asked: Query[AskedQuestions]) -> Page[QuestionShown]:
    """Return questions, those asked last first."""
    whole = expanded(asked, *EXPANDABLE)
    found = questions(
        search=asked.search,
        state=asked.state,
        member_id=filter_id(IdKind.MEMBER, asked, "member"),
    ).select_related(None)
    return page_of(request, asked, found, column="asked_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/questions/{question}", QuestionShown)
def show_question(
    request: HttpRequest, question: str, asked: Query[AskedQuestion]
) -> QuestionShown:
    """Return one question."""
    row = row_at(IdKind.QUESTION, question, Question.objects.all())
    return _show([row], expanded(asked, *EXPANDABLE))[0]


@NOUN.post("/questions/{question}/answer", QuestionShown, conflicts=True)
def answer_question(request: HttpRequest, question: str, sent: Answer) -> QuestionShown:
    """Answer a question, once. The member reads it on their dashboard and gets a mail."""
    row = row_at(IdKind.QUESTION, question, Question.objects.all())
    try:
        answered = _answer(request, row, sent)
    except AlreadyAnsweredError as error:
        row.refresh_from_db()
        raise not_possible_now(str(error), current=_show([row], frozenset())[0]) from error
    return _show([answered], frozenset())[0]


def _answer(request: HttpRequest, row: Question, sent: Answer) -> Question:
    acted: dict[str, Any] = {
        "question": row,
        "text": sent.answer,
        "by": actor_of(request),
        "now": timezone.now(),
    }
    if sent.kind != "attribute":
        return ANSWERING[sent.kind](**acted)
    if sent.order is None:
        raise invalid([FieldProblem("order", "missing", "which order is the member's?")])
    order_id = row_id_named(IdKind.ORDER, sent.order, field="order")
    return answer_by_attributing(order_id=order_id, **acted)


def _show(rows: Sequence[Question], whole: frozenset[str]) -> list[QuestionShown]:
    ids = [row.enrollment_id for row in rows]
    enrollment = linked(IdKind.ENROLLMENT, "enrollment" in whole, ids, enrollments_shown)
    return [
        QuestionShown(
            id=shown_id(IdKind.QUESTION, row.pk),
            enrollment=enrollment(row.enrollment_id),
            order_reference=row.order_reference,
            ordered_on=row.ordered_on.isoformat(),
            note=row.note,
            asked_at=moment(row.asked_at),
            state=cast("Any", row.state),
            answer=row.answer,
            answered_by=row.answered_by,
            answered_at=moment_or_none(row.answered_at),
            conversion=shown_id_or_none(IdKind.CONVERSION, row.conversion_id),
        )
        for row in rows
    ]
