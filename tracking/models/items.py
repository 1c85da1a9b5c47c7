"""The items that a member shares (promo codes and tracking links), and the clicks on links."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper
from django.utils import timezone

from core.kept_sums import after_statement
from core.tenancy import TenantForeignKey, TenantManager, TenantQuerySet
from offers.models import Enrollment
from offers.pauses import Pausable


class ItemStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"


IN_USE = models.Q(status=ItemStatus.ACTIVE)
MAX_LABEL = 60  # characters of a link's label
USE_FIELDS = ["status", "deactivated_at", "pauses"]  # what `put_in_use` changes


def out_of_use(now: datetime) -> dict[str, Any]:
    """The values to update items with that go out of use."""
    return {"status": ItemStatus.INACTIVE, "deactivated_at": now}


ItemT = TypeVar("ItemT", bound="Item", covariant=True)


class ItemQuerySet(TenantQuerySet[ItemT]):
    def in_use(self) -> Self:
        return self.filter(IN_USE)

    def working_at(self, moment: datetime) -> Self:
        """What is in use, and codes that were replaced and still work at `moment`."""
        return self.filter(IN_USE | models.Q(deactivated_at__gt=moment))

    def in_grace_at(self, moment: datetime) -> Self:
        """What was replaced, and still works at `moment`."""
        return self.exclude(IN_USE).filter(deactivated_at__gt=moment)

    def in_use_first(self) -> Self:
        """What is in use, then what went out of use, the latest first."""
        not_in_use = models.Case(models.When(IN_USE, then=0), default=1)
        return self.order_by(not_in_use, "-deactivated_at", "-pk")


class TrackingLinkQuerySet(ItemQuerySet["TrackingLink"]):
    def main(self) -> Self:
        """The link to the offer's own page, of which an enrollment has one in use."""
        return self.filter(destination_url="")

    def deep(self) -> Self:
        """Links to a page of the shop that the member chose."""
        return self.exclude(destination_url="")


class Item(Pausable):
    """What a member shares, in use or not any more."""

    enrollment = TenantForeignKey(Enrollment)
    status = models.CharField(max_length=8, choices=ItemStatus, default=ItemStatus.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(Pausable.Meta):
        abstract = True

    @property
    def is_in_use(self) -> bool:
        return self.status == ItemStatus.ACTIVE

    def works_until(self, now: datetime) -> datetime | None:
        """Until when it still works though it was replaced; None if it was not, or ended."""
        ends_at = self.deactivated_at
        return ends_at if not self.is_in_use and ends_at is not None and ends_at > now else None

    @property
    def in_use_since(self) -> datetime:
        """When it was given, or came back last."""
        since: datetime = self.pauses[-1].upper if self.pauses else self.created_at
        return since

    def put_in_use(self, now: datetime) -> None:
        """Bring it back, and keep the pause. Changes USE_FIELDS, for the caller to save."""
        self.status = ItemStatus.ACTIVE
        self.end_pause(now)


class PromoCodeQuerySet(ItemQuerySet["PromoCode"]):
    def named(self, codes: Iterable[str] | models.QuerySet[Any, Any]) -> Self:
        """The codes with these texts, in upper case: of all members who have or had them."""
        named = self.annotate(upper=Upper("code"))
        if isinstance(codes, models.QuerySet):
            return named.filter(upper__in=codes)
        return named.filter(upper__among=list(codes))


class PromoCode(Item):
    """A code of one enrollment: past orders of a code that is out of use stay credited.

    After it has ended, another enrollment can get the same code, in another row. At any moment
    one enrollment of the brand has it at most: PostgreSQL compares the times of such rows.
    """

    code = models.CharField(max_length=60)

    objects: ClassVar = TenantManager.from_queryset(PromoCodeQuerySet)()

    class Meta(Item.Meta):
        constraints = [
            *Item.Meta.constraints,
            # A code of a brand is a range of one value, and the times in which it was in use are
            # ranges too: PostgreSQL compares them without an extension. The type of the first
            # is made in a migration.
            ExclusionConstraint(
                name="tracking_code_one_holder",
                expressions=[
                    (
                        RawSQL(
                            "tracking_coderange((brand_id::text || ':' || upper(code)),"
                            " (brand_id::text || ':' || upper(code)), '[]')",
                            [],
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        RawSQL(
                            "((CASE WHEN deactivated_at IS NULL\n"
                            "THEN tstzmultirange(tstzrange(created_at, NULL))\n"
                            "ELSE tstzmultirange(tstzrange(created_at,"
                            " greatest(created_at, deactivated_at))) END)\n"
                            "- tstzmultirange(VARIADIC pauses))",
                            [],
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.UniqueConstraint(
                fields=["brand", "enrollment"],
                condition=models.Q(status="active"),
                name="tracking_code_one_active",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "enrollment"], name="tracking_code_enrollment"),
            models.Index("brand", Upper("code"), name="tracking_code_text"),
            models.Index(fields=["brand", "-created_at", "-id"], name="tracking_code_new"),
            models.Index(
                fields=["brand", "-created_at", "-id"],
                name="tracking_code_ended",
                condition=models.Q(status="inactive"),
            ),
        ]


# Every slug that a link is given is kept as a LinkSlug, and refused if another link has it or one
# that looks like it.
_KEEP_NEW_SLUGS = """
INSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)
SELECT brand_id, id, lower(slug), tracking_folded_slug(slug), now() FROM added ORDER BY id;
RETURN NULL;
"""
_KEEP_CHANGED_SLUG = """
IF EXISTS (SELECT FROM tracking_linkslug WHERE slug = lower(NEW.slug)
           AND brand_id = NEW.brand_id AND link_id = NEW.id) THEN
    RETURN NULL;
END IF;
INSERT INTO tracking_linkslug (brand_id, link_id, slug, folded, given_at)
SELECT NEW.brand_id, NEW.id, lower(NEW.slug), CASE WHEN EXISTS (
    SELECT FROM tracking_linkslug WHERE folded = tracking_folded_slug(NEW.slug)
    AND brand_id = NEW.brand_id AND link_id = NEW.id
) THEN '' ELSE tracking_folded_slug(NEW.slug) END, now();
RETURN NULL;
"""


class TrackingLink(Item):
    """/r/<slug>. The first of an enrollment is its link; others are deep links.

    An empty `destination_url` means the offer's. Earlier slugs lead here too: see LinkSlug.
    """

    slug = models.CharField(max_length=40, unique=True)
    destination_url = models.URLField(max_length=2000, blank=True)
    label = models.CharField(max_length=MAX_LABEL, blank=True, default="", db_default="")

    objects: ClassVar = TenantManager.from_queryset(TrackingLinkQuerySet)()

    class Meta(Item.Meta):
        constraints = [
            *Item.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "enrollment"],
                condition=models.Q(status="active", destination_url=""),
                name="tracking_link_one_active",
            ),
            # Clicks refer to it.
            models.UniqueConstraint(
                fields=["brand", "id", "enrollment"], name="tracking_link_enrollment_once"
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "enrollment"], name="tracking_link_enrollment"),
            models.Index(fields=["brand", "-created_at", "-id"], name="tracking_link_new"),
            models.Index(
                fields=["brand", "-created_at", "-id"],
                name="tracking_link_ended",
                condition=models.Q(status="inactive"),
            ),
        ]
        triggers = [
            after_statement(
                pgtrigger.Insert, name="tracking_link_keeps_new_slug", func=_KEEP_NEW_SLUGS
            ),
            pgtrigger.Trigger(
                name="tracking_link_keeps_slug",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("slug"),
                condition=pgtrigger.Condition("OLD.slug IS DISTINCT FROM NEW.slug"),
                func=_KEEP_CHANGED_SLUG,
            ),
        ]
