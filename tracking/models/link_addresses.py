"""Where tracking links are reached: every slug that a link has or had, and domains of brands."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils import timezone

from accounts.test_mode_triggers import live_brands_only
from core.hosts import MAX_HOST
from core.tenancy import TenantForeignKey, TenantModel
from tracking.models.items import TrackingLink

HOST_PATTERN = (
    r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"  # punycode
)


class LinkSlug(TenantModel):
    """A slug that a link has, or had before: it leads there for ever. Triggers write it.

    Slugs are unique over all brands, as /r/<slug> names no brand. `folded` is the slug with what
    looks alike made equal, by `tracking_folded_slug` in PostgreSQL, so that nobody gets a slug that
    passes for another's. It is empty where an earlier slug of the same link has it.
    """

    link = TenantForeignKey(TrackingLink)
    slug = models.CharField(max_length=40, unique=True)  # in lower case
    folded = models.CharField(max_length=40, blank=True)
    given_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["folded"],
                condition=~models.Q(folded=""),
                name="tracking_linkslug_looks_alike",
            ),
        ]
        indexes = [models.Index(fields=["brand", "link"], name="tracking_linkslug_link")]

    def __str__(self) -> str:
        return self.slug


class DomainProblem(models.TextChoices):
    """Why a domain can't be used for links; the words of the screen are in the brand admin."""

    NOT_CHECKED = "not_checked", "Not checked yet"
    NO_PROOF = "no_proof", "The TXT record is missing"
    WRONG_PROOF = "wrong_proof", "The TXT record has another text"
    NO_ADDRESS = "no_address", "The host does not exist in DNS"
    ELSEWHERE = "elsewhere", "The host leads to another server"
    TAKEN = "taken", "Another brand uses the host"


# After a change, the brand has the host that its links are shown with, and all that answer.
_KEEP_LINK_HOSTS = """
UPDATE accounts_brand SET link_host = kept.host, link_hosts = kept.hosts
FROM (
    SELECT coalesce(max(host) FILTER (WHERE is_main AND problem = ''), '') AS host,
        coalesce(array_agg(host ORDER BY host), '{}') AS hosts
    FROM tracking_linkdomain
    WHERE brand_id = coalesce(NEW.brand_id, OLD.brand_id) AND verified_at IS NOT NULL
) AS kept
WHERE id = coalesce(NEW.brand_id, OLD.brand_id)
AND (link_host, link_hosts) IS DISTINCT FROM (kept.host, kept.hosts);
RETURN NULL;
"""


class LinkDomain(TenantModel):
    """A host of a brand, such as go.brand.com, whose every path is a tracking link of the brand.

    Any brand may enter a host; one brand at most has it verified. `verified_at` is when DNS first
    proved that the host is the brand's and leads to us; from then on it is answered. `problem` is
    what the last check with an answer found wrong; with one, links are shown with our own host.
    """

    host = models.CharField(max_length=MAX_HOST)  # in lower case, as punycode
    proof = models.CharField(max_length=64)  # the text that the host's TXT record must hold
    is_main = models.BooleanField(default=False)  # links are shown with it
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)  # when DNS was last asked
    answered_at = models.DateTimeField(null=True)  # when it last gave an answer
    next_check_at = models.DateTimeField(default=timezone.now)
    problem = models.CharField(
        max_length=11, choices=DomainProblem, blank=True, default=DomainProblem.NOT_CHECKED
    )
    problem_since = models.DateTimeField(null=True)
    seen = models.CharField(max_length=200, blank=True)  # what DNS held instead
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "host"], name="tracking_linkdomain_once"),
            models.UniqueConstraint(
                fields=["host"],
                condition=models.Q(verified_at__isnull=False),
                name="tracking_linkdomain_one_brand",
            ),
            models.UniqueConstraint(
                fields=["brand"],
                condition=models.Q(is_main=True),
                name="tracking_linkdomain_one_main",
            ),
            models.CheckConstraint(
                condition=models.Q(host__regex=HOST_PATTERN), name="tracking_linkdomain_host"
            ),
            models.CheckConstraint(
                condition=models.Q(problem="", verified_at__isnull=False) | ~models.Q(problem=""),
                name="tracking_linkdomain_verified",
            ),
        ]
        indexes = [models.Index(fields=["next_check_at"], name="tracking_linkdomain_due")]
        triggers = [
            live_brands_only(
                "tracking_linkdomain_live_brand", what="link domains", operation=pgtrigger.Insert
            ),
            pgtrigger.Trigger(
                name="tracking_linkdomain_shown",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_KEEP_LINK_HOSTS,
            ),
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def works(self) -> bool:
        """Whether links can be shown with it."""
        return self.verified_at is not None and not self.problem
