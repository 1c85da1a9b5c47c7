"""Separate the rows of one brand from those of all others.

Code reads and writes tenant models inside `acting_for(brand)`. Outside, their manager raises.
Inside, it filters every query, and every saved row must belong to the brand. The only exception is
`across_brands(reason=…)`; a test lists its callers. PostgreSQL enforces the same with composite
foreign keys (`core.db.AddTenantForeignKey`): a row can't refer to another brand even if this module
has a defect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.conf import settings
from django.db import models

from core.db import append_rows, insert_rows
from core.log_context import enter_brand, leave_brand


class NoBrandInScopeError(RuntimeError):
    """A tenant model was used outside `acting_for`."""


class WrongBrandError(RuntimeError):
    """A row of one brand was to be saved while acting for another."""


class HasId(Protocol):
    @property
    def pk(self) -> Any: ...


@dataclass(frozen=True)
class _Scope:
    brand_id: int | None
    reason: str = ""


_scope: ContextVar[_Scope | None] = ContextVar("tenant_scope", default=None)


@contextmanager
def acting_for(brand: HasId | int) -> Iterator[None]:
    """Filter every tenant query by `brand`, and set it on every new tenant row."""
    brand_id = brand if isinstance(brand, int) else int(brand.pk)
    token = _scope.set(_Scope(brand_id))
    logged = enter_brand(brand_id, str(getattr(brand, "slug", "")))
    failed = True
    try:
        yield
        failed = False
    finally:
        leave_brand(logged, failed=failed)
        _scope.reset(token)


@contextmanager
def across_brands(*, reason: str) -> Iterator[None]:
    """Read across all brands; `reason` says why the caller may. Saving still needs a brand."""
    token = _scope.set(_Scope(None, reason))
    try:
        yield
    finally:
        _scope.reset(token)


def current_brand_id() -> int:
    """Return the id of the brand in scope. Raises NoBrandInScopeError for none or all brands."""
    scope = _scope.get()
    if scope is None or scope.brand_id is None:
        raise NoBrandInScopeError("no brand in scope: use acting_for(brand)")
    return scope.brand_id


def scope_in_use() -> tuple[bool, int | None]:
    """Whether tenant rows may be read now, and of which brand; None stands for all brands."""
    scope = _scope.get()
    return scope is not None, scope.brand_id if scope else None


M = TypeVar("M", bound="TenantModel", covariant=True)


class TenantQuerySet(models.QuerySet[M]):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            row.assign_current_brand()
        return super().bulk_create(rows, *args, **kwargs)

    def insert_many(self, objs: Iterable[Any]) -> list[M]:
        """Insert new rows as `bulk_create` does, in a fraction of its time."""
        rows = list(objs)
        for row in rows:
            row.assign_current_brand()
        if rows:
            insert_rows(rows)
        return rows

    def append_many(self, objs: Iterable[Any]) -> None:
        """The same for rows whose ids the caller does not need."""
        rows = list(objs)
        for row in rows:
            row.assign_current_brand()
        if rows:
            append_rows(rows)


class TenantManager(models.Manager[M]):
    """`TenantManager.from_queryset(…)` adds named querysets, filtered to the brand like `all()`."""

    _queryset_class: type[TenantQuerySet[Any]] = TenantQuerySet

    def insert_many(self, objs: Iterable[Any]) -> list[M]:
        return self._of_all_brands().insert_many(objs)

    def append_many(self, objs: Iterable[Any]) -> None:
        self._of_all_brands().append_many(objs)

    def _of_all_brands(self) -> TenantQuerySet[M]:
        """For inserting, which checks each row's brand: a filter would cost time and do nothing."""
        rows: TenantQuerySet[M] = self._queryset_class(self.model, using=self._db)
        return rows

    def get_queryset(self) -> TenantQuerySet[M]:
        scope = _scope.get()
        if scope is None:
            raise NoBrandInScopeError(
                f"{self.model.__name__} was queried outside acting_for(brand)"
            )
        rows = self._of_all_brands()
        return rows if scope.brand_id is None else rows.filter(brand_id=scope.brand_id)


class TenantModel(models.Model):
    """A row that belongs to one brand."""

    brand = models.ForeignKey(
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="%(app_label)s_%(class)s_tenant")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.assign_current_brand()
        super().save(*args, **kwargs)

    def assign_current_brand(self) -> None:
        """Set the brand in scope on a new row. Raises WrongBrandError for another brand's row."""
        brand_id = current_brand_id()
        if self.brand_id is None:
            self.brand_id = brand_id
        if self.brand_id != brand_id:
            raise WrongBrandError(
                f"{type(self).__name__} of brand {self.brand_id} saved while acting for {brand_id}"
            )


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A reference to a row of the same brand.

    Django creates no constraint for it: the migration operation `AddTenantForeignKey` adds the
    composite one (brand_id, …_id). Indexes are named in Meta and start with the brand.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("db_index", False)
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Appear as Django's own field, so that migrations import no code of ours for it."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs
