"""Brands and their pictures."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value
from django.utils import timezone

from accounts.test_mode_triggers import test_brand_stays
from core.tenancy import TenantModel

CLICK_MONTHS = (1, 120)  # the fewest and the most that a brand may keep its clicks


class Brand(models.Model):
    """The tenant.

    Test data belong to a separate brand, the test brand of a live one: `test_of`. What keeps
    brands apart keeps them out of everything live.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    accent = models.CharField(max_length=7, blank=True)
    logo = models.CharField(max_length=64, blank=True)  # the digest of a Picture of this brand
    sender_name = models.CharField(max_length=120, blank=True)
    reply_to = models.EmailField(blank=True)
    # Stands in every mail to members, in several lines. Laws on bulk mail ask for it.
    postal_address = models.CharField(max_length=300, blank=True, default="", db_default="")
    # Members are sent their Sales Tracking Items automatically, as soon as they have them.
    sends_items_automatically = models.BooleanField(default=False)
    # The minimum payment that a payout run proposes, in minor units of the brand's currency.
    minimum_payout_minor = models.BigIntegerField(default=0)
    # How many months a click is kept. Figures stay.
    clicks_kept_months = models.PositiveSmallIntegerField(default=13, db_default=13)
    # All clicks since then are kept; older ones were deleted. None: all that there ever were.
    clicks_complete_since = models.DateTimeField(null=True, editable=False)
    # The brand's pages open only in a session in which a second factor was used.
    requires_second_factor = models.BooleanField(default=False)
    # The brand's own host that its tracking links are shown with; empty: ours. A trigger of its
    # link domains keeps it.
    link_host = models.CharField(
        max_length=253, blank=True, editable=False, default="", db_default=""
    )
    # All hosts that answer with this brand's tracking links, kept likewise.
    link_hosts = ArrayField(
        models.CharField(max_length=253),
        editable=False,
        default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=253))),
    )
    version = models.PositiveIntegerField(default=1)  # of its settings; each change raises it
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    test_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="test_brand"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(clicks_kept_months__range=CLICK_MONTHS),
                name="accounts_brand_clicks_kept",
            )
        ]
        triggers = [test_brand_stays("accounts_brand_test_stays")]

    def __str__(self) -> str:
        return self.name

    @property
    def lacks_postal_address(self) -> bool:
        """Whether nothing may go to many, as such mails need one. A test brand sends no mail."""
        return not self.postal_address and not self.is_test

    @property
    def is_test(self) -> bool:
        return self.test_of_id is not None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Picture(TenantModel):
    """A picture that was re-encoded from an upload; it is public.

    Named by the SHA-256 of its content, so that an address always shows the same picture.
    """

    digest = models.CharField(max_length=64)
    content_type = models.CharField(max_length=20)
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "digest"], name="accounts_picture_once"),
        ]
