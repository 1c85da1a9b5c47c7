"""Read brands and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, Coalesce

from accounts.models import (
    LIVE_WORK,
    ApiKey,
    AuditCount,
    AuditEntry,
    Brand,
    SessionKind,
    Staff,
    User,
    Work,
)
from core.tenancy import across_brands, current_brand_id

Worded = Callable[[str], Iterable[str]]  # the actions that are shown with this word in them


def _as_named(word: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class BrandRole:
    """`working` counts the brand's work under way, where it was asked for."""

    brand: Brand
    role: str
    working: int = 0
    staff_id: int = 0


def current_brand() -> Brand:
    """The brand acted for, as it is stored. Raises NoBrandInScopeError."""
    return Brand.objects.get(pk=current_brand_id())


def current_zone() -> ZoneInfo:
    """The time zone of the brand acted for, by which its days begin and end."""
    return current_brand().zone


def brands_of(user: User) -> list[BrandRole]:
    """Every brand the user works for, by name."""
    with across_brands(reason="staff choose among their own brands"):
        rows = Staff.objects.filter(user=user).select_related("brand").order_by("brand__name")
        return [BrandRole(row.brand, row.role, staff_id=row.pk) for row in rows]


def role_in(*, user: User, slug: str) -> BrandRole | None:
    """The user's role in the brand of that slug; None also when there is no such brand."""
    with across_brands(reason="the address names the brand before anyone acts for it"):
        live = Work.objects.filter(brand=OuterRef("brand"), state__in=LIVE_WORK)
        counted = live.order_by().values("brand").annotate(number=Count("pk")).values("number")
        roles = Staff.objects.filter(user=user, brand__slug=slug).select_related("brand")
        row = roles.annotate(working=Coalesce(Subquery(counted), 0)).first()
        return BrandRole(row.brand, row.role, row.working, row.pk) if row else None


def session_kind_of(user_id: int) -> SessionKind:
    """Whose sessions this user's are, which decides how long they last."""
    with across_brands(reason="a person's sessions are those of all their brands"):
        works = Exists(Staff.objects.filter(user=OuterRef("pk")))
        row = User.objects.filter(pk=user_id).values_list("is_staff", works).first()
    if row is None:
        return SessionKind.VISITOR
    is_operator, is_staff = row
    if is_operator:
        return SessionKind.OPERATOR
    return SessionKind.STAFF if is_staff else SessionKind.CREATOR


def staff_of_brand() -> QuerySet[Staff]:
    """Who works for the brand acted for, the longest there first."""
    return Staff.objects.select_related("user").order_by("since", "pk")


def api_keys() -> QuerySet[ApiKey]:
    """The keys of the brand acted for, newest first; revoked ones too."""
    return ApiKey.objects.order_by("-created_at", "-pk")


def audit_entries(
    *,
    search: str = "",
    kinds: Iterable[str] = (),
    first: datetime | None = None,
    last: datetime | None = None,
    worded: Worded = _as_named,
) -> QuerySet[AuditEntry]:
    """The audit log of the brand acted for, newest first; every word must stand in the entry.

    `kinds` are of what something was done to ("offer"); `first` and `last` are moments, the second
    one excluded.
    """
    found = AuditEntry.objects.order_by("-at", "-pk")
    of_kind = Q()
    for kind in kinds:
        of_kind |= Q(target__startswith=f"{kind}:")
    found = found.filter(of_kind)
    return narrowed(found, search=search, first=first, last=last, worded=worded)


def narrowed(
    found: QuerySet[AuditEntry],
    *,
    search: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
    worded: Worded = _as_named,
) -> QuerySet[AuditEntry]:
    """Those of the entries in which every word stands: in who, in what or in its details.

    `worded` tells the actions that are shown with a word in them; `last` is excluded.
    """
    if search:
        found = found.annotate(told=Cast("detail", TextField()))
    for word in search.split():
        found = found.filter(
            Q(actor__icontains=word)
            | Q(action__icontains=word)
            | Q(action__in=worded(word))
            | Q(target__icontains=word)
            | Q(told__icontains=word)
        )
    if first is not None:
        found = found.filter(at__gte=first)
    return found.filter(at__lt=last) if last is not None else found


def audit_count(kinds: Iterable[str] = ()) -> int:
    """How many `audit_entries` there are of these kinds, or of all, from the kept counts."""
    wanted = set(kinds)
    counts = AuditCount.objects.filter(kind__in=wanted) if wanted else AuditCount.objects.all()
    return counts.aggregate(sum=Sum("entries"))["sum"] or 0


def history_of(targets: Iterable[str]) -> QuerySet[AuditEntry]:
    """Everything done to these things ("conversion:12"), oldest first."""
    return AuditEntry.objects.filter(target__in=list(targets)).order_by("at", "pk")
