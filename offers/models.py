"""Offers, terms, enrollments, and projects with their Sales Tracking stage."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Self
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.utils import timezone

from affiliates.models import Member
from core.db import NoneIn, append_only
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet
from offers.structure import Period, Rule, Tier, TierBy, rules_from, tiers_from

# For a kept sum of rows that name an enrollment: its offer and its member.
JOIN_ENROLLMENT = (
    "JOIN offers_enrollment enrollment ON enrollment.brand_id = moved.brand_id"
    " AND enrollment.id = moved.enrollment_id"
)
# A rate in a JSON list that no terms may hold (SQL/JSON path).
WRONG_RATE = "$[*] ? (@.percent_bp < 0 || @.percent_bp > 10000 || @.fixed_minor < 0)"


def _choices(names: type[StrEnum]) -> list[tuple[str, str]]:
    return [(name.value, name.value) for name in names]


class OfferKind(models.TextChoices):
    LINK = "link", "Tracking link"
    CODE = "code", "Promo code"
    BOTH = "both", "Code and link"


KINDS_WITH_CODES = frozenset({OfferKind.CODE, OfferKind.BOTH})
KINDS_WITH_LINKS = frozenset({OfferKind.LINK, OfferKind.BOTH})


class OfferStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"
    ARCHIVED = "archived", "Archived"


class Offer(TenantModel):
    """What members promote and shoppers buy."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)  # for staff only
    image = models.CharField(max_length=64, blank=True)  # the digest of a Picture of the brand
    kind = models.CharField(max_length=4, choices=OfferKind)
    status = models.CharField(max_length=8, choices=OfferStatus, default=OfferStatus.ACTIVE)
    # When it last began or stopped to count, and the pauses that are over.
    counting_changed_at = models.DateTimeField(default=timezone.now)
    pauses = ArrayField(DateTimeRangeField(), default=list, blank=True)
    currency = models.CharField(max_length=3)
    destination_url = models.URLField(max_length=2000)
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    deep_links_allowed = models.BooleanField(default=True)
    click_window_days = models.PositiveSmallIntegerField(default=28)
    remembers_customers = models.BooleanField(default=False)
    code_pattern = models.CharField(max_length=60, default="{FIRST_NAME}")
    utm_template = models.CharField(max_length=500, blank=True)  # see offers.utm
    starts_at = models.DateTimeField(null=True, blank=True)  # none: it counted from the first
    ends_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # of what staff say: raised by each change
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "name"], name="offers_offer_name"),
            models.CheckConstraint(
                condition=models.Q(click_window_days__gte=1, click_window_days__lte=365),
                name="offers_offer_window",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at=None)
                | models.Q(ends_at=None)
                | models.Q(starts_at__lt=models.F("ends_at")),
                name="offers_offer_begins_before_it_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gives_codes(self) -> bool:
        return self.kind in KINDS_WITH_CODES

    @property
    def gives_links(self) -> bool:
        return self.kind in KINDS_WITH_LINKS

    def counts_at(self, moment: datetime) -> bool:
        """Whether clicks and orders of that moment count: in no pause, between start and end."""
        if self.starts_at is not None and moment < self.starts_at:
            return False
        if self.ends_at is not None and moment >= self.ends_at:
            return False
        if any(pause.lower <= moment < pause.upper for pause in self.pauses):
            return False
        return self.status == OfferStatus.ACTIVE or moment < self.counting_changed_at

    def allows_host_of(self, url: str) -> bool:
        """Whether a deep link to `url` stays on this offer's shop.

        Browsers read a backslash as a slash and Python does not, so that the two would see
        different hosts; such addresses, and those with a user before the host, are refused.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if "\\" in url or "@" in parts.netloc or any(letter.isspace() for letter in url):
            return False
        host = (parts.hostname or "").lower()
        return parts.scheme in {"http", "https"} and any(
            host == domain or host.endswith(f".{domain}") for domain in self.link_domains
        )

    @property
    def link_domains(self) -> list[str]:
        """The domains that deep links may lead to, with everything below them."""
        own = (urlsplit(self.destination_url).hostname or "").lower().removeprefix("www.")
        return [domain for domain in (own, *(d.lower() for d in self.allowed_domains)) if domain]


class Approval(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic"
    BY_HAND = "by_hand", "By hand"


class Terms(TenantModel):
    """One immutable version of an offer's commission structure.

    `tiers` and `rules` hold `structure.Tier` and `structure.Rule`, checked by `offers.terms`.
    """

    offer = TenantForeignKey(Offer)
    version = models.PositiveIntegerField()
    percent_bp = models.PositiveIntegerField(default=0)  # basis points of the sale
    fixed_minor = models.PositiveBigIntegerField(default=0)  # per conversion, minor units
    per_click_minor = models.PositiveBigIntegerField(default=0)  # per counted click, minor units
    tiers = models.JSONField(default=list, blank=True)  # lowest first
    tier_by = models.CharField(max_length=11, choices=_choices(TierBy), default=TierBy.SALES.value)
    tier_period = models.CharField(
        max_length=6, choices=_choices(Period), default=Period.ALWAYS.value
    )
    rules = models.JSONField(default=list, blank=True)
    # The most that a member can earn in each period, minor units; none: no cap.
    cap_minor = models.PositiveBigIntegerField(null=True, blank=True)
    cap_period = models.CharField(
        max_length=6, choices=_choices(Period), default=Period.MONTH.value
    )
    hold_days = models.PositiveSmallIntegerField(default=0)
    approval = models.CharField(max_length=10, choices=Approval, default=Approval.AUTOMATIC)
    starts_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "offer", "version"], name="offers_terms_version"
            ),
            models.CheckConstraint(
                condition=models.Q(percent_bp__lte=10_000), name="offers_terms_percent"
            ),
            models.CheckConstraint(
                condition=NoneIn("tiers", WRONG_RATE), name="offers_terms_tiers"
            ),
            models.CheckConstraint(
                condition=NoneIn("rules", WRONG_RATE), name="offers_terms_rules"
            ),
            models.CheckConstraint(
                condition=models.Q(hold_days__lte=365), name="offers_terms_hold"
            ),
        ]
        triggers = [append_only("offers_terms_append_only")]

    @cached_property
    def tier_list(self) -> tuple[Tier, ...]:
        return tiers_from(self.tiers)

    @cached_property
    def rule_list(self) -> tuple[Rule, ...]:
        return rules_from(self.rules)

    @property
    def looks_at_lines(self) -> bool:
        """Whether the lines of an order matter, not only their sum."""
        return any(rule.kind.is_of_line for rule in self.rule_list)

    @property
    def looks_back(self) -> bool:
        """Whether a conversion earns by what its member has reached before."""
        return bool(self.tiers) or self.cap_minor is not None


class EnrollmentStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"
    REMOVED = "removed", "Removed"


class EnrollmentQuerySet(TenantQuerySet["Enrollment"]):
    def active(self) -> Self:
        return self.filter(status=EnrollmentStatus.ACTIVE)

    def not_removed(self) -> Self:
        """Active or not: who is in the offer still."""
        return self.exclude(status=EnrollmentStatus.REMOVED)


class Enrollment(TenantModel):
    """A member in an offer. `link_version` is part of the dashboard link: raising it revokes."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    member = TenantForeignKey(Member)
    offer = TenantForeignKey(Offer)
    status = models.CharField(
        max_length=8, choices=EnrollmentStatus, default=EnrollmentStatus.ACTIVE
    )
    link_version = models.PositiveIntegerField(default=1)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = TenantManager.from_queryset(EnrollmentQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "offer", "member"], name="offers_enrollment_once"
            ),
        ]
        indexes = [models.Index(fields=["brand", "member"], name="offers_enrollment_member")]

    @property
    def is_active(self) -> bool:
        return self.status == EnrollmentStatus.ACTIVE


class Project(TenantModel):
    """A piece of work with members and one Sales Tracking stage, tied to an offer once set up.

    A stage may be tied to two: `offer` then gives links only and `code_offer` codes only.
    """

    name = models.CharField(max_length=120)
    offer = TenantForeignKey(Offer, null=True)
    code_offer = TenantForeignKey(Offer, null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "name"], name="offers_project_name"),
            models.CheckConstraint(
                condition=models.Q(code_offer=None)
                | models.Q(offer__isnull=False) & ~models.Q(code_offer=models.F("offer")),
                name="offers_project_two_offers",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "offer"], name="offers_project_offer"),
            models.Index(fields=["brand", "code_offer"], name="offers_project_code_offer"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The offers of the stage: none, one, or a link offer and a code offer."""
        return tuple(offer for offer in (self.offer, self.code_offer) if offer is not None)


class ProjectMember(TenantModel):
    """A member in a project. Their step in the Sales Tracking stage is derived, never stored."""

    project = TenantForeignKey(Project)
    member = TenantForeignKey(Member)
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "project", "member"], name="offers_project_member_once"
            ),
        ]
        indexes = [models.Index(fields=["brand", "member"], name="offers_project_member_who")]
