"""Name a row without importing its model: "enrollment:12", as text that a column can hold.

What lies low refers upwards by these: a message to its member, the audit log to what was changed,
long work to where it was started.
"""

from __future__ import annotations

from typing import Any, Self

from django.db.models import CharField, F, Model, OuterRef, Value
from django.db.models.functions import Cast, Concat


class Reference(str):
    """The kind of a thing and its key. Any text can be asked; what is none has no number."""

    __slots__ = ()

    @classmethod
    def of(cls, kind: str, key: object) -> Self:
        return cls(f"{kind}:{key}")

    @classmethod
    def to(cls, row: Model) -> Self:
        return cls.by_id(type(row), row.pk)

    @classmethod
    def by_id(cls, model: type[Model], pk: int | None) -> Self:
        """For a row of which only the id is at hand."""
        return cls.of(kind_of(model), pk)

    @property
    def kind(self) -> str:
        return self.partition(":")[0]

    @property
    def key(self) -> str:
        return self.partition(":")[2]

    @property
    def number(self) -> int | None:
        """The id of a row; None where the key is none."""
        key = self.key
        return int(key) if key.isascii() and key.isdecimal() else None

    def id_of(self, model: type[Model]) -> int | None:
        """The id, if it is a row of `model` that is named."""
        return self.number if self.kind == kind_of(model) else None


def kind_of(model: type[Model]) -> str:
    """What references call rows of this model."""
    return str(model._meta.model_name)


def reference_in_sql(model: type[Model], field: F | OuterRef | str = "pk") -> Concat:
    """The reference to a row of `model` whose id is in `field`, as PostgreSQL makes it."""
    key: Any = Cast(field, CharField())
    return Concat(Value(f"{kind_of(model)}:"), key)
