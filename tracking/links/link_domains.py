"""Domains of a brand for its links: adding, choosing, removing, and checking them again and again.

Anybody may enter a host; it counts for the brand that proves in DNS that it is theirs. Another
brand that proves it later gets it when the first one's proof is gone.
"""

from __future__ import annotations

import logging
import re
import secrets
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from dns.resolver import Resolver

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.owner_mail import mail_owners
from accounts.selectors import current_brand
from core.db import raises_if_taken
from core.hosts import HostError, is_within, public_host
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for
from offers.models import Offer
from tracking.links.domain_records import DnsSilentError, Finding, find_problem, is_proven
from tracking.models import HOST_PATTERN, DomainProblem, LinkDomain

MAX_DOMAINS = 10  # of a brand
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOON = timedelta(minutes=10)  # while somebody waits for DNS to know a new record
WAITING = timedelta(days=7)  # how long somebody waits
BY = Actor.system("the check of link domains")
Found = Finding | None  # None: DNS gave no answer
logger = logging.getLogger(__name__)


class LinkDomainError(ValueError):
    """The host can't be a link domain of this brand. The message is a sentence."""


def answers_links(host: str) -> bool:
    """Whether a host is a verified link domain of some brand, so that it may have a certificate."""
    with across_brands(reason="a request for a certificate names a host and no brand"):
        return LinkDomain.objects.filter(host=host.lower(), verified_at__isnull=False).exists()


@transaction.atomic
def add_domain(*, host: str, by: Actor, now: datetime) -> LinkDomain:
    """Enter a host. The brand's first one is the one that links are shown with, once it works.

    Raises LinkDomainError.
    """
    brand = current_brand()
    if brand.is_test:
        raise LinkDomainError("Test mode has no link domains.")
    name = _read_host(host)
    having = list(LinkDomain.objects.select_for_update().order_by("pk"))
    if any(row.host == name for row in having):
        raise LinkDomainError(f"{name} is in the list already.")
    if len(having) >= MAX_DOMAINS:
        raise LinkDomainError(f"A brand has at most {MAX_DOMAINS} link domains.")
    changed = partial(LinkDomainError, "The list was changed meanwhile. Try again.")
    with raises_if_taken("tracking_linkdomain_once", "tracking_linkdomain_one_main", error=changed):
        row = LinkDomain.objects.create(
            host=name,
            proof=secrets.token_hex(16),
            is_main=not any(row.is_main for row in having),
            next_check_at=now + SOON,
            created_at=now,
        )
    audit.record(action="link_domain.added", target=row, by=by, now=now, host=name)
    return row


def _read_host(text: str) -> str:
    typed = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    try:
        name = public_host(typed)
    except HostError:
        name = ""
    if not re.fullmatch(HOST_PATTERN, name):
        raise LinkDomainError("Enter a host alone, such as go.brand.com.")
    for own in {settings.LINK_HOST, urlsplit(settings.BASE_URL).hostname or ""}:
        if is_within(name, own):
            raise LinkDomainError(f"{name} is ours. Enter a host of your own domain.")
    destinations = Offer.objects.values_list("destination_url", flat=True)
    if any((urlsplit(url).hostname or "") == name for url in destinations):
        raise LinkDomainError(
            f"{name} is where your shop is. Enter a host that nothing else uses, such as"
            f" go.{name.removeprefix('www.')}."
        )
    return name


@transaction.atomic
def choose_main(*, domain: LinkDomain | None, by: Actor, now: datetime) -> None:
    """Show links with this domain from now on, as long as it works; with None, with our host."""
    rows = list(LinkDomain.objects.select_for_update().order_by("pk"))
    chosen = domain.pk if domain is not None else None
    for row in [one for one in rows if one.is_main and one.pk != chosen]:
        row.is_main = False
        row.save(update_fields=["is_main"])
        if chosen is None:
            audit.record(action="link_domain.not_chosen", target=row, by=by, now=now, host=row.host)
    for row in [one for one in rows if one.pk == chosen and not one.is_main]:
        row.is_main = True
        row.save(update_fields=["is_main"])
        audit.record(action="link_domain.chosen", target=row, by=by, now=now, host=row.host)


@transaction.atomic
def remove_domain(*, domain: LinkDomain, by: Actor, now: datetime) -> None:
    """Remove a host. Links that were shared with it stop leading anywhere."""
    audit.record(action="link_domain.removed", target=domain, by=by, now=now, host=domain.host)
    LinkDomain.objects.filter(pk=domain.pk).delete()


def check_due_domains(*, now: datetime, limit: int = 50) -> int:
    """Check the domains of all brands that are due, those first that wait longest.

    Returns how many. Called by beat every few minutes; each check takes seconds at most.
    """
    with across_brands(reason="link domains that are due are found over all brands"):
        rows = LinkDomain.objects.filter(next_check_at__lte=now)
        due = list(rows.order_by("next_check_at", "pk")[:limit])
    for domain in due:
        with acting_for(domain.brand_id), defects_logged(logger, "a domain could not be checked"):
            check_domain(domain=domain, by=BY, now=timezone.now())
    return len(due)


def check_domain(
    *, domain: LinkDomain, by: Actor, now: datetime, resolver: Resolver | None = None
) -> LinkDomain:
    """Read the domain's records, note what they say, and mail the owners when it broke.

    DNS is asked outside of a transaction. Where it gives no answer, all stays as it was.
    """
    found: Found
    try:
        found = find_problem(domain.host, domain.proof, resolver=resolver)
        if not found.problem and domain.verified_at is None:
            found = _if_free(domain, found, now=now, resolver=resolver)
    except DnsSilentError:
        found = None
    try:
        row, broke = _note(domain, found, by=by, now=now)
    except IntegrityError:  # another brand was verified at the same moment
        row, broke = _note(domain, Finding(DomainProblem.TAKEN), by=by, now=now)
    if broke:
        _mail_owners(row)
    return row


def _if_free(
    domain: LinkDomain, found: Finding, *, now: datetime, resolver: Resolver | None
) -> Finding:
    """Take the host from a brand whose proof is gone. Raises DnsSilentError."""
    with across_brands(reason="a host is verified for one brand at most"):
        held = LinkDomain.objects.filter(host=domain.host, verified_at__isnull=False)
        holder = held.exclude(pk=domain.pk).first()
    if holder is None:
        return found
    if is_proven(holder.host, holder.proof, resolver=resolver):
        return Finding(DomainProblem.TAKEN)
    with acting_for(holder.brand_id), transaction.atomic():
        row = LinkDomain.objects.select_for_update().filter(pk=holder.pk).first()
        if row is not None and row.verified_at is not None:
            row.verified_at, row.problem, row.problem_since = None, DomainProblem.TAKEN, now
            row.save(update_fields=["verified_at", "problem", "problem_since"])
            audit.record(action="link_domain.taken", target=row, by=BY, now=now, host=row.host)
    return found


@transaction.atomic
def _note(domain: LinkDomain, found: Found, *, by: Actor, now: datetime) -> tuple[LinkDomain, bool]:
    """Store what a check found; return the row, and whether it worked until now."""
    row = LinkDomain.objects.select_for_update().filter(pk=domain.pk).first()
    if row is None:  # it was removed meanwhile
        return domain, False
    worked = row.works
    row.checked_at = now
    if found is not None:
        row.answered_at, row.seen = now, found.seen[:200]
        if found.problem and (worked or row.problem_since is None):
            row.problem_since = now
        row.problem = found.problem
        if not found.problem:
            row.verified_at, row.problem_since = row.verified_at or now, None
    row.next_check_at = now + _pause(row, now)
    row.save()
    if row.works != worked:
        action = "link_domain.works" if row.works else "link_domain.broke"
        why = {} if row.works else {"problem": row.get_problem_display()}
        audit.record(action=action, target=row, by=by, now=now, host=row.host, **why)
    return row, worked and not row.works


def _pause(row: LinkDomain, now: datetime) -> timedelta:
    """How long until the next check: a day while all is well."""
    if row.works and row.checked_at == row.answered_at:
        return DAY
    if row.verified_at is None:
        return SOON if now - row.created_at < WAITING else DAY
    return HOUR


def _mail_owners(row: LinkDomain) -> None:
    mail_owners(
        "staff/link_domain_broke",
        page=f"connections/link-domains/{row.pk}/",
        values={
            "host": row.host,
            "problem": row.get_problem_display(),
            "is_main": row.is_main,
            "ours": urlsplit(settings.BASE_URL).hostname,
        },
    )
