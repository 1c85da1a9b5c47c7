"""The items that a member shares (promo codes and tracking links), and the clicks on links."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from core.tenancy import TenantForeignKey, TenantModel
from offers.models import Enrollment


class ItemStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"


class PromoCode(TenantModel):
    """A code belongs to one enrollment for ever: past orders of a disabled code stay credited."""

    enrollment = TenantForeignKey(Enrollment)
    code = models.CharField(max_length=60)
    status = models.CharField(max_length=8, choices=ItemStatus, default=ItemStatus.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deactivated_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint("brand", Upper("code"), name="tracking_code_once"),
            models.UniqueConstraint(
                fields=["brand", "enrollment"],
                condition=models.Q(status="active"),
                name="tracking_code_one_active",
            ),
        ]
        indexes = [models.Index(fields=["brand", "enrollment"], name="tracking_code_enrollment")]


class TrackingLink(TenantModel):
    """/r/<slug>. The first of an enrollment is its link; others are deep links.

    An empty `destination_url` means the offer's.
    """

    enrollment = TenantForeignKey(Enrollment)
    slug = models.CharField(max_length=40, unique=True)
    destination_url = models.URLField(max_length=2000, blank=True)
    status = models.CharField(max_length=8, choices=ItemStatus, default=ItemStatus.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deactivated_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "enrollment"],
                condition=models.Q(status="active", destination_url=""),
                name="tracking_link_one_active",
            ),
        ]
        indexes = [models.Index(fields=["brand", "enrollment"], name="tracking_link_enrollment")]


class Click(TenantModel):
    """A shopper followed a link. `click_id` is signed, so losing this row loses no commission.

    `counted` is False for known robots and for offers that were not active at that moment.
    """

    link = TenantForeignKey(TrackingLink)
    enrollment = TenantForeignKey(Enrollment)
    click_id = models.CharField(max_length=80)
    clicked_at = models.DateTimeField()
    counted = models.BooleanField()
    user_agent = models.CharField(max_length=300, blank=True)
    referrer_host = models.CharField(max_length=253, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["brand", "enrollment", "-clicked_at"], name="tracking_click_who")
        ]
