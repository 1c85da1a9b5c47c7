"""Figures kept by the day: of each enrollment, of each offer, and who sold from when to when."""

from __future__ import annotations

import pgtrigger
from django.db import models

from core.kept_sums import KeptSum, after_statement, kept_in
from core.tenancy import TenantForeignKey, TenantModel
from offers.models import JOIN_ENROLLMENT, Enrollment, Offer
from tracking.models.totals import FIGURES

# Days on which an enrollment got its first conversion, or lost its last.
_TURNED = {
    pgtrigger.Insert: "SELECT brand_id, enrollment_id FROM added WHERE conversions > 0",
    pgtrigger.Update: """
      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)
      WHERE (added.conversions > 0) <> (removed.conversions > 0)
    """,
    pgtrigger.Delete: "SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0",
}
# Whoever comes second waits at the row, and then looks at the days with the first one's among them.
_SPAN = """
PERFORM FROM ({turned}) AS turned;
IF NOT FOUND THEN RETURN NULL; END IF;
INSERT INTO tracking_soldspan (brand_id, enrollment_id)
SELECT DISTINCT brand_id, enrollment_id FROM ({turned}) AS turned ORDER BY 1, 2
ON CONFLICT (brand_id, enrollment_id) DO NOTHING;
PERFORM FROM tracking_soldspan span WHERE (brand_id, enrollment_id) IN ({turned})
ORDER BY brand_id, enrollment_id FOR NO KEY UPDATE;
UPDATE tracking_soldspan span SET
  first_day = (SELECT min(day) FROM tracking_dailytotal total WHERE conversions > 0
    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id),
  last_day = (SELECT max(day) FROM tracking_dailytotal total WHERE conversions > 0
    AND total.brand_id = span.brand_id AND total.enrollment_id = span.enrollment_id)
WHERE (brand_id, enrollment_id) IN ({turned});
RETURN NULL;
"""
_OPERATIONS = (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete)


class DailyTotal(TenantModel):
    """One enrollment's figures for the orders and clicks of one day in the brand's time zone.

    A refund or a change of status counts on the day of its order: a day always says what its orders
    are worth now. Conversions, sales and refunds are of accepted conversions; commission is theirs
    and the clicks'; `pending_minor` is what pending ones would earn.
    """

    enrollment = TenantForeignKey(Enrollment)
    day = models.DateField()
    clicks = models.IntegerField(default=0)
    conversions = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    refunds_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    changes = models.IntegerField(db_default=1)  # how often it was written: grows, never falls
    pending_minor = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "enrollment", "day"], name="tracking_daily_once"
            ),
        ]
        indexes = [models.Index(fields=["brand", "day"], name="tracking_daily_day")]
        triggers = [
            *kept_in(
                "tracking_offerday",
                keys={"offer_id": "enrollment.offer_id", "day": "moved.day"},
                sums={name: f"moved.{name}" for name in FIGURES},
                join=JOIN_ENROLLMENT,
                on=_OPERATIONS,
            ),
            *kept_in(
                "tracking_monthtotal",
                keys={
                    "enrollment_id": "moved.enrollment_id",
                    "month": "date_trunc('month', moved.day)::date",
                },
                sums={name: f"moved.{name}" for name in FIGURES},
                on=_OPERATIONS,
            ),
            *(
                after_statement(
                    operation,
                    name=f"tracking_soldspan_{operation}".lower(),
                    func=_SPAN.format(turned=_TURNED[operation]),
                )
                for operation in _OPERATIONS
            ),
        ]


class SummedDays(KeptSum):
    """Daily totals added up, figure by figure."""

    FIGURES = FIGURES

    clicks = models.BigIntegerField(default=0)
    conversions = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    refunds_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    pending_minor = models.BigIntegerField(default=0)

    class Meta(KeptSum.Meta):
        abstract = True


class OfferDay(SummedDays):
    """What the daily totals of an offer's enrollments add up to. Kept by a trigger."""

    KEYS = ("offer_id", "day")

    offer = TenantForeignKey(Offer)
    day = models.DateField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "offer", "day"], name="tracking_offerday_days"),
        ]


class MonthTotal(SummedDays):
    """What an enrollment's daily totals of a calendar month add up to. Kept by a trigger."""

    KEYS = ("enrollment_id", "month")

    enrollment = TenantForeignKey(Enrollment)
    month = models.DateField()  # its first day

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "enrollment", "month"], name="tracking_month_who"),
            models.Index(fields=["brand", "month"], name="tracking_month_all"),
        ]


class SoldSpan(TenantModel):
    """The first and the last day on which an enrollment has a conversion; none when there is none.

    Kept by a trigger, so that who sold in a period is known without looking at its days.
    """

    enrollment = TenantForeignKey(Enrollment)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "enrollment"], name="tracking_soldspan_once"),
        ]
