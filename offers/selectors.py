"""Read offers, terms, enrollments and projects."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from affiliates.models import Member
from affiliates.selectors import members, name_contains
from core.kept_queries import kept_query
from core.text import search_words
from offers.models import (
    KINDS_WITH_CODES,
    Enrollment,
    Offer,
    OfferStatus,
    Project,
    ProjectMember,
    Terms,
    WithdrawnTerms,
)
from offers.status import OPEN_STATUSES
from offers.terms import OfferError


@dataclass(frozen=True, slots=True)
class TermsHistory:
    """All versions of one offer's terms that were not withdrawn, in the order of their starts."""

    versions: tuple[Terms, ...]

    def at(self, moment: datetime) -> Terms:
        """Return the version in force at `moment`; before the first version starts, the first."""
        index = bisect_right([terms.starts_at for terms in self.versions], moment)
        return self.versions[max(index - 1, 0)]

    @property
    def latest(self) -> Terms:
        return self.versions[-1]

    def planned(self, now: datetime) -> tuple[Terms, ...]:
        """Return the versions that have not begun. The first version of all is never planned."""
        return tuple(terms for terms in self.versions[1:] if terms.starts_at > now)

    def without(self, terms: Terms) -> TermsHistory:
        """Return the history as if `terms` had been withdrawn."""
        return TermsHistory(tuple(one for one in self.versions if one.pk != terms.pk))

    def check_start(self, starts_at: datetime, *, replaced: Terms | None = None) -> None:
        """Raise OfferError unless a new version may start then.

        It starts after all others. One that takes the place of `replaced`, which is still in this
        history, starts after the version before that one, and before the version after it.
        """
        place = self.versions.index(replaced) if replaced else len(self.versions)
        if starts_at <= self.versions[place - 1].starts_at:
            raise OfferError("starts_at", "new terms must start after the ones they supersede")
        after = self.versions[place + 1 :]
        if after and starts_at >= after[0].starts_at:
            message = f"these terms must start before version {after[0].version}, which is planned"
            raise OfferError("starts_at", message)


def terms_histories(offer_ids: Iterable[int]) -> dict[int, TermsHistory]:
    """Return the terms of each offer, by offer id."""
    versions: dict[int, list[Terms]] = {}
    for terms in _versions(offer_ids=sorted(set(offer_ids))):
        versions.setdefault(terms.offer_id, []).append(terms)
    return {offer_id: TermsHistory(tuple(rows)) for offer_id, rows in versions.items()}


@kept_query
def _versions(*, offer_ids: list[int]) -> QuerySet[Terms]:
    return Terms.objects.filter(offer__in=offer_ids).order_by("offer_id", "starts_at")


def terms_of(offer: Offer) -> TermsHistory:
    return terms_histories([offer.pk])[offer.pk]


def withdrawn_terms(offer: Offer) -> QuerySet[WithdrawnTerms]:
    """Return the versions of the offer's terms that were withdrawn before they began."""
    return WithdrawnTerms.objects.filter(offer=offer).order_by("version")


def offers(
    *, search: str = "", status: str = "", kind: str = "", project_id: int | None = None
) -> QuerySet[Offer]:
    """Return the brand's offers, newest first."""
    found = Offer.objects.order_by("-created_at", "-id")
    if search:
        found = found.filter(name__icontains=search)
    if status:
        found = found.filter(status=status)
    if kind:
        found = found.filter(kind=kind)
    if project_id is not None:
        asked = Project.objects.filter(pk=project_id)
        found = found.filter(Q(pk__in=asked.values("offer")) | Q(pk__in=asked.values("code_offer")))
    return found


def offers_named(name: str) -> QuerySet[Offer]:
    """The offers of that name, whatever its case, without archived ones."""
    rows = Offer.objects.exclude(status=OfferStatus.ARCHIVED)
    return rows.filter(name__iexact=name).order_by("pk")


def offers_with_codes() -> QuerySet[Offer]:
    """The offers whose members have codes, without archived ones, by name."""
    rows = Offer.objects.exclude(status=OfferStatus.ARCHIVED)
    return rows.filter(kind__in=KINDS_WITH_CODES).order_by("name", "pk")


def offer_names(*, by_name: bool = False) -> list[tuple[int, str]]:
    """Return id and name of each of the brand's offers, newest first or by name."""
    return _offer_names(by_name=by_name)


@kept_query
def _offer_names(*, by_name: bool) -> QuerySet[Offer, Any]:
    found = offers().order_by("name") if by_name else offers()
    return found.values_list("pk", "name")


def project_names() -> list[tuple[int, str]]:
    """Return id and name of each of the brand's projects, newest first."""
    return _project_names()


@kept_query
def _project_names() -> QuerySet[Project, Any]:
    return projects().values_list("pk", "name")


def enrollments_of(offer_id: int, *, search: str = "", status: str = "") -> QuerySet[Enrollment]:
    """Return an offer's enrollments by name; removed ones only when `status` is REMOVED."""
    found = Enrollment.objects.filter(offer=offer_id).select_related("member")
    found = found.filter(status=status) if status else found.not_removed()
    for word in search_words(search):
        found = found.filter(name_contains(word, via="member__"))
    return found.order_by("member__last_name", "member__first_name", "pk")


def members_outside(offer: Offer, *, search: str = "") -> QuerySet[Member]:
    """Return the members who can be added to the offer, by name, including removed ones."""
    inside = Enrollment.objects.not_removed().filter(offer=offer, member=OuterRef("pk"))
    return members(search=search).filter(~Exists(inside), deleted_at=None)


def projects(*, search: str = "") -> QuerySet[Project]:
    """Return the brand's projects, newest first."""
    found = Project.objects.select_related("offer", "code_offer").order_by("-created_at", "-id")
    return found.filter(name__icontains=search) if search else found


def projects_with(offer: Offer) -> QuerySet[Project]:
    """Return the projects whose stage uses this offer, newest first."""
    return projects().filter(Q(offer=offer) | Q(code_offer=offer))


def project_names_of(enrollments: Collection[Enrollment]) -> dict[int, str]:
    """Return the name of the member's latest project that uses the offer, by enrollment id.

    Enrollments without a project are left out. In `across_brands` they may be of several brands.
    """
    rows = ProjectMember.objects.filter(member__in={row.member_id for row in enrollments}).order_by(
        "added_at", "pk"
    )
    latest = {
        (one.member_id, offer_id): one.project.name
        for one in rows.select_related("project")
        for offer_id in (one.project.offer_id, one.project.code_offer_id)
    }
    found = {row.pk: latest.get((row.member_id, row.offer_id), "") for row in enrollments}
    return {pk: name for pk, name in found.items() if name}


def member_counts(offer_ids: Iterable[int]) -> dict[int, int]:
    """Return how many members each offer has, without removed ones, by offer id."""
    return dict(_member_counts(offer_ids=sorted(set(offer_ids))))


@kept_query
def _member_counts(*, offer_ids: list[int]) -> QuerySet[Enrollment, Any]:
    rows = Enrollment.objects.not_removed().filter(offer__in=offer_ids).values("offer_id")
    return rows.annotate(members=Count("pk")).values_list("offer_id", "members")


@dataclass(frozen=True, slots=True)
class MembersInOffer:
    """An offer, and how many members are active in it."""

    pk: int
    name: str
    members: int


def active_by_offer(member_ids: QuerySet[Member, Any]) -> list[MembersInOffer]:
    """Return the offers in which these members are active, the one with most of them first."""
    rows = Enrollment.objects.active().filter(member__in=member_ids)
    counted = rows.values_list("offer", "offer__name").annotate(members=Count("pk"))
    return [MembersInOffer(*row) for row in counted.order_by("-members", "offer__name", "offer")]


def offer_named(name: str) -> Offer | None:
    """Return the offer with that name (in any case), else the one with that number."""
    found = Offer.objects.filter(name__iexact=name.strip()).first()
    if found is None and name.strip().isdecimal():
        found = Offer.objects.filter(pk=int(name)).first()
    return found


def in_offer(members: QuerySet[Member], offer_id: int | None) -> QuerySet[Member]:
    """Return those of `members` who are in the offer; with None, those who are in no offer."""
    if offer_id is None:
        return members.filter(is_enrolled=False)
    here = Enrollment.objects.not_removed().filter(offer=offer_id)
    return members.filter(pk__in=here.values("member"))


def offers_to_join(member: Member) -> QuerySet[Offer]:
    """Return the active and paused offers that this member can join, by name."""
    if member.deleted_at is not None:
        return Offer.objects.none()
    joined = Enrollment.objects.not_removed().filter(member=member)
    return (
        Offer.objects.filter(status__in=OPEN_STATUSES)
        .exclude(pk__in=joined.values("offer"))
        .order_by("name")
    )
