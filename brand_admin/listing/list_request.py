"""What a list reads of a request, so that a worker can open the list without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.http import QueryDict

from accounts.models import Brand


class ListRequest(Protocol):
    """The part of a request that a list reads."""

    @property
    def brand(self) -> Brand: ...

    @property
    def GET(self) -> QueryDict: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class StoredListRequest:
    """The same, made again from an address that was stored. A worker has no role."""

    brand: Brand
    GET: QueryDict
    role: str | None = None
