"""Daily totals of enrollments and offers, and each enrollment's first and last day of sales."""

from __future__ import annotations

import pgtrigger
from django.db import models

from core.kept_sums import KeptSum, after_statement, kept_in
from core.tenancy import TenantForeignKey, TenantModel
from offers.joins import JOIN_ENROLLMENT
from offers.models import Enrollment, Offer
from tracking.models.totals import FIGURES

# Days that got their first conversion, or lost their last one.
_TURNED = {
    pgtrigger.Insert: "SELECT brand_id, enrollment_id FROM added WHERE conversions > 0",
    pgtrigger.Update: """
      SELECT brand_id, enrollment_id FROM added JOIN removed USING (id, brand_id, enrollment_id)
      WHERE (added.conversions > 0) <> (removed.conversions > 0)
    """,
    pgtrigger.Delete: "SELECT brand_id, enrollment_id FROM removed WHERE conversions > 0",
}
# A second transaction waits for the row's lock, and then sees the days of the first one.
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

    A refund or a change of status counts on the day of its order. Conversions, sales and refunds
    are those of accepted conversions; commission includes that of clicks; `pending_minor` is the
    amount that pending conversions would earn, `pending_sales_minor` their sales net of refunds.
    """

    enrollment = TenantForeignKey(Enrollment)
    day = models.DateField()
    clicks = models.IntegerField(default=0)
    conversions = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    refunds_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    changes = models.IntegerField(db_default=1)  # the number of writes; it only grows
    pending_minor = models.BigIntegerField(default=0)
    pending_sales_minor = models.BigIntegerField(default=0, db_default=0)

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
    """The sum of daily totals, per figure."""

    FIGURES = FIGURES

    clicks = models.BigIntegerField(default=0)
    conversions = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    refunds_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    pending_minor = models.BigIntegerField(default=0)
    pending_sales_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta(KeptSum.Meta):
        abstract = True


class OfferDay(SummedDays):
    """The sum of the daily totals of an offer's enrollments. A trigger keeps it."""

    KEYS = ("offer_id", "day")

    offer = TenantForeignKey(Offer)
    day = models.DateField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "offer", "day"], name="tracking_offerday_days"),
        ]


class MonthTotal(SummedDays):
    """The sum of an enrollment's daily totals of a calendar month. A trigger keeps it."""

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
    """The first and the last day on which an enrollment has a conversion; NULL without one.

    A trigger keeps it. It tells who sold in a period, mostly without reading the daily totals.
    """

    enrollment = TenantForeignKey(Enrollment)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "enrollment"], name="tracking_soldspan_once"),
        ]
