"""A member asks about a missing sale; the brand answers once, by mail."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.refused import RefusedError
from core.text import one_line
from offers.models import Enrollment
from tracking.models import Conversion, Question, QuestionState
from tracking.orders.crediting import AttributionError, attribute_order_by_hand
from tracking.questions.answer_mail import send_answer_mail
from tracking.questions.selectors import folded, orders_by_reference

MAX_QUESTIONS_PER_DAY = 5  # of one member, over all their offers
MAX_ORDER_AGE = timedelta(days=730)


class QuestionError(ValueError):
    """A question can't be asked; the message is for the member. `field` is the wrong field."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class AnswerError(RefusedError):
    """A question can't be answered this way; the message is for staff."""


class AlreadyAnsweredError(AnswerError):
    """Somebody has answered the question."""


@transaction.atomic
def ask_about_order(
    *,
    enrollment: Enrollment,
    order_reference: str,
    ordered_on: date,
    note: str,
    by: Actor,
    now: datetime,
) -> Question:
    """Ask the brand why an order isn't among the member's conversions.

    If a question about the same order is open, return that one. Raises QuestionError for an order
    that is among the conversions, an impossible day, or too many questions on one day.
    """
    lock_identities([f"questions:{enrollment.brand_id}:{enrollment.member_id}"])
    reference = one_line(order_reference)
    _check_order(enrollment, reference, ordered_on, now=now)
    own = Question.objects.filter(enrollment=enrollment)
    for waiting in own.filter(state=QuestionState.OPEN).order_by("pk"):
        if folded(waiting.order_reference) == folded(reference):
            return waiting
    _check_limit(enrollment, now=now)
    question = Question.objects.create(
        enrollment=enrollment,
        order_reference=reference,
        ordered_on=ordered_on,
        note=note.strip(),
        asked_at=now,
    )
    audit.record(
        action="question.asked", target=question, by=by, now=now, order_reference=reference
    )
    return question


@transaction.atomic
def answer_by_attributing(
    *, question: Question, order_id: int, text: str, by: Actor, now: datetime
) -> Question:
    """Credit the order to the member who asked, and mail them. Raises AnswerError."""
    open_one = _lock_open(question, text)
    try:
        conversion = attribute_order_by_hand(
            order_id=order_id, enrollment=open_one.enrollment, reason=text, by=by, now=now
        )
    except AttributionError as error:
        raise AnswerError(str(error), error.field) from error
    return _answer(open_one, QuestionState.ATTRIBUTED, text, conversion=conversion, by=by, now=now)


@transaction.atomic
def explain_question(*, question: Question, text: str, by: Actor, now: datetime) -> Question:
    """Mail the member why the order is missing, or where it is. Raises AnswerError."""
    return _answer(_lock_open(question, text), QuestionState.EXPLAINED, text, by=by, now=now)


@transaction.atomic
def refuse_question(*, question: Question, text: str, by: Actor, now: datetime) -> Question:
    """Mail the member that the order doesn't count for them, and why. Raises AnswerError."""
    return _answer(_lock_open(question, text), QuestionState.REFUSED, text, by=by, now=now)


def _check_order(
    enrollment: Enrollment, reference: str, ordered_on: date, *, now: datetime
) -> None:
    today = timezone.localdate(now, enrollment.brand.zone)
    if not reference:
        raise QuestionError(_("Enter the order's number."), "order_reference")
    if ordered_on > today:
        raise QuestionError(_("This day is in the future."), "ordered_on")
    if today - ordered_on > MAX_ORDER_AGE:
        raise QuestionError(_("This is more than two years ago."), "ordered_on")
    own = Conversion.objects.filter(enrollment=enrollment, share_bp__gt=0)
    # Two shops of a brand may have the same number, so all of them have to be the member's.
    named = {found.order.pk for found in orders_by_reference([reference])[reference]}
    if named and named == set(own.filter(order__in=named).values_list("order_id", flat=True)):
        raise QuestionError(
            _("Good news: this order is among your conversions already."), "order_reference"
        )


def _check_limit(enrollment: Enrollment, *, now: datetime) -> None:
    zone = enrollment.brand.zone
    midnight = datetime.combine(timezone.localdate(now, zone), time.min, tzinfo=zone)
    asked = Question.objects.filter(
        enrollment__member=enrollment.member_id, asked_at__gte=midnight
    ).count()
    if asked >= MAX_QUESTIONS_PER_DAY:
        raise QuestionError(
            ngettext(
                "You have asked about %(orders)s order today. Come back tomorrow for the next.",
                "You have asked about %(orders)s orders today. Come back tomorrow for the next.",
                MAX_QUESTIONS_PER_DAY,
            )
            % {"orders": MAX_QUESTIONS_PER_DAY}
        )


def _lock_open(question: Question, text: str) -> Question:
    """Lock the question's row, so that only one answer is given."""
    if not text.strip():
        raise AnswerError("Write an answer: the member reads it.", "answer")
    row: Question = (
        Question.objects.select_for_update(of=("self",))
        .select_related("enrollment__member", "enrollment__offer", "enrollment__brand")
        .get(pk=question.pk)
    )
    if row.state != QuestionState.OPEN:
        raise AlreadyAnsweredError(f"{row.answered_by} has already answered this question.")
    return row


def _answer(
    question: Question,
    state: QuestionState,
    text: str,
    *,
    conversion: Conversion | None = None,
    by: Actor,
    now: datetime,
) -> Question:
    question.state, question.answer, question.conversion = state, text.strip(), conversion
    question.answered_by, question.answered_at = by.label[:200], now
    question.save()
    audit.record(
        action=f"question.{state.value}",
        target=question,
        by=by,
        now=now,
        order_reference=question.order_reference,
        answer=question.answer,
    )
    send_answer_mail(question, by=by, now=now)
    return question
