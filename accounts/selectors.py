"""Read brands and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from accounts.models import ApiKey, ApiRequest, Brand, KeyKind, SessionKind, Staff, User
from core.kept_queries import kept_query
from core.tenancy import across_brands, acting_for, current_brand_id
from core.text import search_words

Counting = Callable[[], Combinable]


def _nothing() -> Combinable:
    return Value(0)


@dataclass(frozen=True, slots=True)
class BrandRole:
    """A user's role in a brand. `counted` is the number that `brands_of` was asked to count."""

    brand: Brand
    role: str
    counted: int = 0
    staff_id: int = 0


def current_brand() -> Brand:
    """The brand acted for, as it is stored. Raises NoBrandInScopeError."""
    return Brand.objects.get(pk=current_brand_id())


def current_zone() -> ZoneInfo:
    """The time zone of the brand acted for, which decides when its days begin."""
    [name] = _time_zone(brand_id=current_brand_id())
    return ZoneInfo(name)


@kept_query
def _time_zone(*, brand_id: int) -> QuerySet[Brand, Any]:
    return Brand.objects.filter(pk=brand_id).values_list("time_zone", flat=True)


def brands_of(user: User, *, count: Counting = _nothing) -> list[BrandRole]:
    """Every brand the user works for, by name.

    `count` returns an expression that counts something of each brand in the same query.
    """
    with across_brands(reason="staff choose among their own brands"):
        rows = _staff_of(user_id=user.pk, count=count)
        return [BrandRole(row.brand, row.role, row.counted, row.pk) for row in rows]


@kept_query
def _staff_of(*, user_id: int, count: Counting) -> QuerySet[Staff]:
    roles = Staff.objects.filter(user=user_id).select_related("brand").order_by("brand__name")
    return roles.annotate(counted=count())


def role_in(roles: Iterable[BrandRole], *, slug: str) -> BrandRole | None:
    """The role in the brand with that slug; None also when there is no such brand."""
    return next((role for role in roles if role.brand.slug == slug), None)


def role_in_test_brand(roles: Iterable[BrandRole], *, slug: str) -> BrandRole | None:
    """The role in the test brand with that slug: the role that the user has in its live brand."""
    live = {role.brand.pk: role for role in roles}
    found = Brand.objects.select_related("test_of").filter(slug=slug, test_of__in=live).first()
    if found is None or found.test_of is None:
        return None
    return replace(live[found.test_of.pk], brand=found, counted=0)


def test_brand_of(brand: Brand) -> Brand | None:
    """The test brand of a live brand, with it as `test_of`; None as long as there is none."""
    return Brand.objects.select_related("test_of").filter(test_of=brand).first()


def session_kind_of(user_id: int) -> SessionKind:
    """The kind of this user's sessions, which decides how long they last."""
    with across_brands(reason="a session is valid for all brands of a person"):
        works = Exists(Staff.objects.filter(user=OuterRef("pk")))
        row = User.objects.filter(pk=user_id).values_list("is_staff", works).first()
    if row is None:
        return SessionKind.VISITOR
    is_operator, is_staff = row
    if is_operator:
        return SessionKind.OPERATOR
    return SessionKind.STAFF if is_staff else SessionKind.CREATOR


def staff_of_brand() -> QuerySet[Staff]:
    """The staff of the brand acted for, in the order in which they joined."""
    return Staff.objects.select_related("user").order_by("since", "pk")


def api_keys(*kinds: KeyKind) -> QuerySet[ApiKey]:
    """The keys of these kinds of the brand acted for, newest first; revoked ones too."""
    return ApiKey.objects.filter(kind__in=kinds).order_by("-created_at", "-pk")


def keys_with_test_keys(brand: Brand, *kinds: KeyKind) -> list[tuple[Brand, ApiKey]]:
    """The keys of these kinds of a brand and its test brand, each with its brand, newest first."""
    found: list[tuple[Brand, ApiKey]] = []
    test_brand = None if brand.is_test else test_brand_of(brand)
    for of in (brand, test_brand):
        if of is not None:
            with acting_for(of):
                found += [(of, key) for key in api_keys(*kinds)]
    return sorted(found, key=lambda one: (one[1].created_at, one[1].pk), reverse=True)


def api_requests(*, search: str = "", outcome: str = "") -> QuerySet[ApiRequest]:
    """The last requests to the API of the brand acted for, newest first.

    `outcome` is "taken", "refused" or "" for both; `search` finds parts of path, problem and key.
    """
    found = ApiRequest.objects.select_related("key").order_by("-received_at", "-pk")
    if outcome == "taken":
        found = found.filter(status__lt=400)
    elif outcome == "refused":
        found = found.filter(status__gte=400)
    for word in search_words(search):
        named = Q(path__icontains=word) | Q(key__label__icontains=word)
        found = found.filter(named | Q(code__icontains=word) | Q(detail__icontains=word))
    return found
