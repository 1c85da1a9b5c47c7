"""Clicks on tracking links, the batches they came in, and their figures by source."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.kept_sums import KeptSum, kept_in
from core.tenancy import TenantForeignKey, TenantModel
from offers.joins import JOIN_ENROLLMENT
from offers.models import Enrollment, Offer
from tracking.models.conversions import Conversion
from tracking.models.items import TrackingLink

SUB_IDS = ("sub1", "sub2", "sub3", "sub4", "sub5")
# Visitors choose sub-ids and referrers, so they could make rows without end. A member has so many
# values of a dimension on a day; the clicks of all others are counted together, as OTHER.
MAX_SOURCES_A_DAY = 500
OTHER = "(other)"


class ClickKind(models.TextChoices):
    """Only visits count. The others are redirected too, and staff see them apart."""

    VISIT = "visit", "Visit"
    ROBOT = "robot", "Robot"
    PREVIEW = "preview", "Link preview"
    PREFETCH = "prefetch", "Prefetch"
    HEAD = "head", "HEAD request"
    INACTIVE = "inactive", "Link or offer not active"


ROBOTS = (ClickKind.ROBOT, ClickKind.PREVIEW, ClickKind.PREFETCH, ClickKind.HEAD)


class Device(models.TextChoices):
    PHONE = "phone", "Phone"
    TABLET = "tablet", "Tablet"
    COMPUTER = "computer", "Computer"
    OTHER = "other", "Other"


class Dimension(models.TextChoices):
    """What figures of clicks can be grouped by. The value of `link` is the link's id."""

    LINK = "link", "Link"
    SUB1 = "sub1", "Sub-id 1"
    SUB2 = "sub2", "Sub-id 2"
    SUB3 = "sub3", "Sub-id 3"
    SUB4 = "sub4", "Sub-id 4"
    SUB5 = "sub5", "Sub-id 5"
    REFERRER = "referrer", "Referrer"
    COUNTRY = "country", "Country"
    DEVICE = "device", "Device"


class ClickSource(TenantModel):
    """Where a click came from.

    `as_other` names the dimensions in which the click is counted as OTHER.
    """

    referrer_host = models.CharField(max_length=253, blank=True, db_default="")  # lower case
    sub1 = models.CharField(max_length=60, blank=True, db_default="")
    sub2 = models.CharField(max_length=60, blank=True, db_default="")
    sub3 = models.CharField(max_length=60, blank=True, db_default="")
    sub4 = models.CharField(max_length=60, blank=True, db_default="")
    sub5 = models.CharField(max_length=60, blank=True, db_default="")
    country = models.CharField(max_length=2, blank=True, db_default="")  # ISO 3166, or unknown
    device = models.CharField(
        max_length=8, choices=Device, default=Device.OTHER, db_default=Device.OTHER
    )
    as_other = ArrayField(models.CharField(max_length=8), null=True)

    class Meta(TenantModel.Meta):
        abstract = True


class Click(ClickSource):
    """A shopper followed a link. `click_id` is signed, so losing this row loses no commission.

    The table is partitioned by the month (UTC) of `clicked_at`; see tracking.links.partitions. So
    its primary key in PostgreSQL is (brand, id, clicked_at). `visitor` is a keyed hash of client
    address and user agent; its key lives for a day. `landing` names the mark of a paid search that
    the shopper brought, such as gclid.
    """

    link = TenantForeignKey(TrackingLink)
    enrollment = TenantForeignKey(Enrollment)
    click_id = models.CharField(max_length=80)
    clicked_at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=ClickKind)
    visitor = models.BigIntegerField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, db_default="")
    landing = models.CharField(max_length=100, blank=True, db_default="")
    returning = models.BooleanField(null=True)

    class Meta(TenantModel.Meta):
        # A unique key of a partitioned table holds the column of the partitions.
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "click_id", "clicked_at"], name="tracking_click_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ClickKind.values), name="tracking_click_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(device__in=Device.values), name="tracking_click_device"
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "enrollment", "-clicked_at"], name="tracking_click_who"),
            models.Index(fields=["brand", "-clicked_at", "-id"], name="tracking_click_new"),
            # Whether a visitor was here before on the same day.
            models.Index(
                fields=["brand", "visitor", "enrollment"],
                name="tracking_click_visitor",
                condition=models.Q(kind=ClickKind.VISIT),
            ),
        ]

    @property
    def counted(self) -> bool:
        return self.kind == ClickKind.VISIT


class ClickBatch(models.Model):
    """A batch of clicks that is stored: its id, by which the same batch is known again."""

    id = models.UUIDField(primary_key=True)
    stored_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["stored_at"], name="tracking_batch_age")]

    def __str__(self) -> str:
        return str(self.id)


class RefusedClicks(models.Model):
    """Lines of a batch that could not be stored as clicks, as they came, for the operator."""

    batch = models.UUIDField()
    reason = models.CharField(max_length=300)
    number = models.PositiveIntegerField()  # of lines
    lines = models.BinaryField()  # all of them, or their first part
    refused_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "refused clicks"
        indexes = [models.Index(fields=["-refused_at"], name="tracking_refused_new")]

    def __str__(self) -> str:
        return f"{self.number} of batch {self.batch}"


class VisitorKey(models.Model):
    """The key of one day (UTC) with which visitors' addresses are hashed.

    It is made ahead and deleted after the day: then nobody can compute the day's hashes again.
    """

    day = models.DateField(primary_key=True)
    key = models.BinaryField()  # 32 random bytes

    def __str__(self) -> str:
        return str(self.day)


class ConversionSource(ClickSource):
    """The click of a conversion's member that led to its order.

    The link is known from the click id, which the order carries. The rest is the click's: it is
    known as soon as the click is stored (`is_known`), before the order or after it.
    """

    conversion = TenantForeignKey(Conversion)
    link = TenantForeignKey(TrackingLink)
    click_id = models.CharField(max_length=80)
    clicked_at = models.DateTimeField()  # as the click id says, in whole seconds
    is_known = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "conversion"], name="tracking_conversionsource_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at"],
                name="tracking_source_waiting",
                condition=models.Q(is_known=False),
            ),
            models.Index(
                fields=["click_id"],
                name="tracking_source_click",
                condition=models.Q(is_known=False),
            ),
        ]


SOURCE_FIGURES = (
    "clicks",
    "visitors",
    "robots",
    "inactive",
    "conversions",
    "sales_minor",
    "commission_minor",
)


class SourceFigures(TenantModel):
    """The columns of SOURCE_FIGURES."""

    clicks = models.BigIntegerField(default=0)
    visitors = models.BigIntegerField(default=0)
    robots = models.BigIntegerField(default=0)
    inactive = models.BigIntegerField(default=0)
    conversions = models.BigIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        abstract = True


# What a kept sum of source totals adds up, and when.
_KEPT: dict[str, Any] = {
    "sums": {name: f"moved.{name}" for name in SOURCE_FIGURES},
    "on": (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete),
}


class SourceTotal(SourceFigures):
    """One enrollment's figures of one source on one day in the brand's time zone.

    `clicks` and `visitors` are of visits; a visitor is counted once per enrollment, source and day.
    `robots` and `inactive` are the clicks that do not count; they are kept for links only.
    Conversions are the accepted ones whose order came with a click of this source, on the day of
    the order; `sales_minor` is net of refunds. Empty sub-ids and unknown countries have no row; an
    empty referrer has one.

    `number` keeps the rows of a day at MAX_SOURCES_A_DAY: each value that a visitor chose has its
    own one, OTHER has 0. Links, countries and devices need none, nor do rows of conversions alone.
    That no other row is without one is a constraint of migration 0025, from its day on.
    """

    enrollment = TenantForeignKey(Enrollment)
    day = models.DateField()
    dimension = models.CharField(max_length=8, choices=Dimension)
    value = models.CharField(max_length=253, blank=True)
    number = models.SmallIntegerField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "enrollment", "dimension", "day", "value"],
                name="tracking_source_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "enrollment", "dimension", "day", "number"],
                name="tracking_source_number",
                condition=models.Q(number__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(number__range=(0, MAX_SOURCES_A_DAY)),
                name="tracking_source_most",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "day"],
                name="tracking_source_links",
                condition=models.Q(dimension=Dimension.LINK),
            )
        ]
        triggers = [
            *kept_in(
                "tracking_offersource",
                keys={
                    "offer_id": "enrollment.offer_id",
                    "day": "moved.day",
                    "dimension": "moved.dimension",
                    "value": "moved.value",
                },
                join=f"{JOIN_ENROLLMENT} WHERE moved.dimension <> 'link'",
                **_KEPT,
            ),
            *kept_in(
                "tracking_linktotal",
                keys={"link_id": "moved.value::bigint"},
                join="WHERE moved.dimension = 'link'",
                **_KEPT,
            ),
        ]


class OfferSource(KeptSum, SourceFigures):
    """The sum of an offer's source totals, of all dimensions but links. A trigger keeps it."""

    KEYS = ("offer_id", "day", "dimension", "value")
    FIGURES = SOURCE_FIGURES

    offer = TenantForeignKey(Offer)
    day = models.DateField()
    dimension = models.CharField(max_length=8, choices=Dimension)
    value = models.CharField(max_length=253, blank=True)

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(
                fields=["brand", "offer", "dimension", "day"], name="tracking_offersource_days"
            ),
            models.Index(fields=["brand", "dimension", "day"], name="tracking_offersource_all"),
        ]


class LinkTotal(KeptSum, SourceFigures):
    """The sum of a link's source totals of all days. A trigger keeps it."""

    KEYS = ("link_id",)
    FIGURES = SOURCE_FIGURES

    link = TenantForeignKey(TrackingLink)

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "link"], name="tracking_linktotal_link"),
        ]
