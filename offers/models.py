"""Offers, terms, enrollments, and projects with their Sales Tracking stage."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Self
from urllib.parse import urlsplit

import pgtrigger
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.utils import timezone

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from affiliates.models import Member
from core.db import NoneIn, append_only
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet
from offers.enrolled import keep_is_enrolled
from offers.fields import is_on_domain
from offers.pauses import PAUSES_ARE_PAST, Pausable, keeps_pauses
from offers.structure import CapPeriod, FixedAfterRefund, Rule, Tier, TierBy, rules_from, tiers_from

MAX_CUSTOMER_DAYS = 3_650  # that a customer is remembered
# A SQL/JSON path that finds rates outside the allowed range.
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
    # When clicks and orders last began or stopped to count, and the past pauses.
    counting_changed_at = models.DateTimeField(default=timezone.now)
    pauses = ArrayField(DateTimeRangeField(), default=list, blank=True)
    currency = models.CharField(max_length=3)
    destination_url = models.URLField(max_length=2000)
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    deep_links_allowed = models.BooleanField(default=True)
    # Members may choose the slugs of their links; `db_default` is for web processes of before.
    own_slugs_allowed = models.BooleanField(default=True, db_default=True)
    click_window_days = models.PositiveSmallIntegerField(default=28)
    remembers_customers = models.BooleanField(default=False)
    # How long after the order that won a customer; `db_default` is for web processes of before.
    customer_window_days = models.PositiveSmallIntegerField(default=365, db_default=365)
    code_pattern = models.CharField(max_length=60, default="{FIRST_NAME}")
    utm_template = models.CharField(max_length=500, blank=True)  # see offers.utm
    starts_at = models.DateTimeField(null=True, blank=True)  # null: no start
    ends_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # for optimistic locking of staff's changes
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
                condition=models.Q(
                    customer_window_days__gte=1, customer_window_days__lte=MAX_CUSTOMER_DAYS
                ),
                name="offers_offer_customer_window",
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
        """Whether clicks and orders of that moment count: between start and end, in no pause."""
        if self.starts_at is not None and moment < self.starts_at:
            return False
        if self.ends_at is not None and moment >= self.ends_at:
            return False
        if any(pause.lower <= moment < pause.upper for pause in self.pauses):
            return False
        return self.status == OfferStatus.ACTIVE or moment < self.counting_changed_at

    def allows_host_of(self, url: str) -> bool:
        """Whether `url` is on one of the domains of this offer's shop."""
        return is_on_domain(url, self.link_domains)

    @property
    def link_domains(self) -> list[str]:
        """The domains that deep links may lead to, including their subdomains."""
        own = (urlsplit(self.destination_url).hostname or "").lower().removeprefix("www.")
        return [domain for domain in (own, *(d.lower() for d in self.allowed_domains)) if domain]


class Approval(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic"
    BY_HAND = "by_hand", "By hand"


class CommissionStructure(TenantModel):
    """What one version of an offer's terms says. `tiers`, `rules`: structure.Tier and Rule."""

    offer = TenantForeignKey(Offer)
    version = models.PositiveIntegerField()
    percent_bp = models.PositiveIntegerField(default=0)  # basis points of the sale
    fixed_minor = models.PositiveBigIntegerField(default=0)  # per conversion, minor units
    # For every amount per conversion of this version; `db_default` is for processes of before.
    fixed_after_refund = models.CharField(
        max_length=5,
        choices=_choices(FixedAfterRefund),
        default=FixedAfterRefund.WHOLE.value,
        db_default=FixedAfterRefund.WHOLE.value,
    )
    per_click_minor = models.PositiveBigIntegerField(default=0)  # per counted click, minor units
    tiers = models.JSONField(default=list, blank=True)  # lowest first
    tier_by = models.CharField(max_length=11, choices=_choices(TierBy), default=TierBy.SALES.value)
    tier_period = models.CharField(
        max_length=6, choices=_choices(CapPeriod), default=CapPeriod.ALWAYS.value
    )
    rules = models.JSONField(default=list, blank=True)
    # The most that a member can earn in each period, in minor units; null: no cap.
    cap_minor = models.PositiveBigIntegerField(null=True, blank=True)
    cap_period = models.CharField(
        max_length=6, choices=_choices(CapPeriod), default=CapPeriod.MONTH.value
    )
    hold_days = models.PositiveSmallIntegerField(default=0)
    approval = models.CharField(max_length=10, choices=Approval, default=Approval.AUTOMATIC)
    starts_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        abstract = True

    @cached_property
    def tier_list(self) -> tuple[Tier, ...]:
        return tiers_from(self.tiers)

    @cached_property
    def rule_list(self) -> tuple[Rule, ...]:
        return rules_from(self.rules)

    @property
    def reduces_fixed(self) -> bool:
        """Whether an amount per conversion is reduced when a part of the order is refunded."""
        amounts = [self.fixed_minor, *(tier.fixed_minor for tier in self.tier_list)]
        amounts += [rule.fixed_minor for rule in self.rule_list]
        return self.fixed_after_refund == FixedAfterRefund.SHARE and any(amounts)

    @property
    def looks_at_lines(self) -> bool:
        """Whether a rule is about the lines of an order, so that their sum is not enough."""
        return any(rule.kind.is_of_line for rule in self.rule_list)

    @property
    def looks_back(self) -> bool:
        """Whether a conversion's commission depends on what its member earned or sold before."""
        return bool(self.tiers) or self.cap_minor is not None


class Terms(CommissionStructure):
    """One version of an offer's commission structure, which never changes.

    A version that has begun stays for ever. One that has not can be withdrawn, which moves it to
    WithdrawnTerms; the foreign keys of conversions and click earnings refuse that once one of them
    names it.
    """

    class Meta(CommissionStructure.Meta):
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
        triggers = [
            append_only("offers_terms_append_only", when="OLD.starts_at <= clock_timestamp()"),
            pgtrigger.Protect(name="offers_terms_unchanged", operation=pgtrigger.Update),
            event_of_new(
                OutboxEvent.TERMS_CHANGED,
                name="offers_terms_changed",
                target="terms",
                data={"offer": "added.offer_id", "version": "added.version"},
            ),
        ]


class WithdrawnTerms(CommissionStructure):
    """A version of the terms that was withdrawn before it began, kept so that staff can read it."""

    number_as_terms = models.BigIntegerField()  # its id before; mails about it name that
    withdrawn_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=200)

    class Meta(CommissionStructure.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "offer", "version"], name="offers_withdrawnterms_version"
            ),
        ]
        triggers = [
            append_only("offers_withdrawnterms_append_only"),
            event_of_new(
                OutboxEvent.TERMS_WITHDRAWN,
                name="offers_terms_withdrawn",
                target="terms",
                target_id="added.number_as_terms",
                data={"offer": "added.offer_id", "version": "added.version"},
            ),
        ]


class EnrollmentStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"
    REMOVED = "removed", "Removed"


# What the outbox tells of a member in an offer.
ENROLLMENT_TOLD = {
    "offer": "added.offer_id",
    "member": "added.member_id",
    "status": "added.status",
}


class EnrollmentQuerySet(TenantQuerySet["Enrollment"]):
    def active(self) -> Self:
        return self.filter(status=EnrollmentStatus.ACTIVE)

    def not_removed(self) -> Self:
        """Active or not: who is in the offer still."""
        return self.exclude(status=EnrollmentStatus.REMOVED)


class Enrollment(Pausable):
    """A member in an offer, active or away. Raising `link_version` revokes the dashboard link."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    member = TenantForeignKey(Member)
    offer = TenantForeignKey(Offer)
    status = models.CharField(
        max_length=8, choices=EnrollmentStatus, default=EnrollmentStatus.ACTIVE
    )
    link_version = models.PositiveIntegerField(default=1)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = TenantManager.from_queryset(EnrollmentQuerySet)()

    class Meta(Pausable.Meta):
        constraints = [
            *Pausable.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "offer", "member"], name="offers_enrollment_once"
            ),
            models.CheckConstraint(condition=PAUSES_ARE_PAST, name="offers_enrollment_pauses"),
        ]
        indexes = [
            models.Index(fields=["brand", "member"], name="offers_enrollment_member"),
            models.Index(fields=["brand", "-joined_at", "-id"], name="offers_enrollment_new"),
            models.Index(
                fields=["brand", "offer", "-joined_at", "-id"], name="offers_enrollment_offer"
            ),
            models.Index(
                fields=["brand", "status", "-joined_at", "-id"],
                name="offers_enrollment_away",
                condition=models.Q(status__in=["inactive", "removed"]),
            ),
        ]
        triggers = [
            keeps_pauses("offers_enrollment_keeps_pauses"),
            *keep_is_enrolled(),
            event_of_new(
                OutboxEvent.MEMBER_JOINED,
                name="offers_member_joined",
                target="enrollment",
                data=ENROLLMENT_TOLD,
            ),
            event_of_change(
                "CASE added.status WHEN 'active' THEN 'member.joined' ELSE 'member.left' END",
                name="offers_member_changed",
                target="enrollment",
                data=ENROLLMENT_TOLD,
                columns=["status"],
                where="(added.status = 'active') <> (removed.status = 'active')",
            ),
        ]

    @property
    def is_active(self) -> bool:
        return self.status == EnrollmentStatus.ACTIVE


class Project(TenantModel):
    """A piece of work with members and one Sales Tracking stage.

    Setting up the stage connects it to an offer. With a second one, `offer` gives links only and
    `code_offer` gives codes only.
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
    """A member in a project. Their step in the stage is computed, never stored."""

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
