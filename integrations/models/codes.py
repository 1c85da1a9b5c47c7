"""The discounts of offers in shops, and how members' codes stand here and there."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper

from core.jobs import LeasedModel
from core.tenancy import TenantForeignKey, TenantModel
from integrations.models.connections import Connection
from offers.models import Enrollment, Offer

MAX_PERCENT_BP = 10_000


class OfferDiscount(LeasedModel):
    """An offer's discount in a shop, with its members' codes in it; the shop knows it by `name`.

    One row per offer, connection and percentage, for ever; at most one of an offer and connection
    has not ended. Of one that ended, the codes are taken out of use in the shop. `compare_at` says
    when the codes are compared next; the lease is of the worker that does it. `here` stands for the
    codes in use when they were compared last, so that a change is noticed.
    """

    connection = TenantForeignKey(Connection)
    offer = TenantForeignKey(Offer)
    name = models.CharField(max_length=120)
    percent_bp = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    compare_at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)
    here = models.CharField(max_length=60, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # that failed, one after another
    problem = models.CharField(max_length=500, blank=True)  # a sentence

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "connection", "offer", "percent_bp"],
                name="integrations_discount_percentage_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "connection", "offer"],
                condition=models.Q(ended_at=None),
                name="integrations_discount_live_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "connection", "name"], name="integrations_discount_name_once"
            ),
            models.CheckConstraint(
                condition=models.Q(percent_bp__gte=1, percent_bp__lte=MAX_PERCENT_BP),
                name="integrations_discount_percentage",
            ),
        ]
        indexes = [models.Index(fields=["compare_at"], name="integrations_discount_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.ended_at is None


class CodeState(models.TextChoices):
    MISSING = "missing", "Removed in the shop"
    CAME_BACK = "came_back", "Active again in the shop"
    UNKNOWN = "unknown", "Unknown here"
    TO_MAKE = "to_make", "To be made in the shop"
    TO_END = "to_end", "To be ended in the shop"
    IN_STEP = "in_step", "In step"
    ENDED = "ended", "Ended"


# Staff decide about these; what is to be made or ended is done without them.
DIFFERENCES = (CodeState.MISSING, CodeState.CAME_BACK, CodeState.UNKNOWN)


class ComparedCode(TenantModel):
    """A code of a discount, as it stood here and in the shop when they were compared last.

    `enrollment` has the code here, or had it last. `problem` says why it could not be made or
    ended.
    """

    discount = TenantForeignKey(OfferDiscount)
    enrollment = TenantForeignKey(Enrollment, null=True)
    code = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=CodeState)
    times_used = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand", "discount", Upper("code"), name="integrations_compared_code_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=CodeState.values), name="integrations_code_state"
            ),
        ]

    def __str__(self) -> str:
        return self.code
