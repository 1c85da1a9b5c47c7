"""Members' questions about missing sales, and the brand's answers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper

from core.tenancy import TenantForeignKey, TenantModel
from core.word_search import index_of_pieces, pieces_of
from offers.models import Enrollment
from tracking.models.conversions import Conversion

MAX_NOTE_LENGTH = 500
MAX_ANSWER_LENGTH = 1_000
REFERENCE_INDEX = "tracking_question_pieces"


class QuestionState(models.TextChoices):
    OPEN = "open", "Waiting"
    ATTRIBUTED = "attributed", "Sale added"
    EXPLAINED = "explained", "Explained"
    REFUSED = "refused", "Refused"


class Question(TenantModel):
    """A member's question about the missing sale of one order. The brand answers it once.

    `ordered_on` is the day that the member entered, in the brand's time zone. `conversion` is set
    when the brand credited the order.
    """

    enrollment = TenantForeignKey(Enrollment)
    order_reference = models.CharField(max_length=120)
    ordered_on = models.DateField()
    note = models.CharField(max_length=MAX_NOTE_LENGTH, blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=QuestionState, default=QuestionState.OPEN)
    answer = models.CharField(max_length=MAX_ANSWER_LENGTH, blank=True)  # the member reads it
    answered_by = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    conversion = TenantForeignKey(Conversion, null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand",
                "enrollment",
                Upper("order_reference"),
                condition=models.Q(state="open"),
                name="tracking_question_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", answered_at=None, answer="")
                | models.Q(answered_at__isnull=False)
                & ~models.Q(state="open")
                & ~models.Q(answer=""),
                name="tracking_question_answered",
            ),
            models.CheckConstraint(
                condition=models.Q(state="attributed", conversion__isnull=False)
                | ~models.Q(state="attributed") & models.Q(conversion=None),
                name="tracking_question_attributed",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-asked_at", "-id"], name="tracking_question_new"),
            index_of_pieces(pieces_of("order_reference"), name=REFERENCE_INDEX),
            models.Index(fields=["brand", "enrollment", "-asked_at"], name="tracking_question_who"),
            models.Index(
                fields=["brand", "asked_at"],
                name="tracking_question_open",
                condition=models.Q(state="open"),
            ),
        ]
