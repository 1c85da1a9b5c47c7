"""What a list is asked, and what it says where it has no rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.http import QueryDict
from django.urls import reverse

from accounts.models import Brand
from accounts.permissions import Permission


class Asking(Protocol):
    """What a list reads of a request; a worker makes a file without one."""

    @property
    def brand(self) -> Brand: ...

    @property
    def GET(self) -> QueryDict: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class Asked:
    """The same of an address that was opened before."""

    brand: Brand
    GET: QueryDict


@dataclass(frozen=True, slots=True)
class Way:
    """A button that leads to a page of the brand; `needs` is what one must be allowed to."""

    label: str
    page: str
    icon: str = ""
    kind: str = "secondary"
    query: str = ""
    needs: Permission = Permission.READ
    args: tuple[int, ...] = ()

    def href(self, slug: str) -> str:
        return reverse(f"brand_admin:{self.page}", args=[slug, *self.args]) + self.query


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where a list has no rows: say what belongs there and what to do next."""

    title: str
    text: str = ""
    icon: str = ""
    ways: tuple[Way, ...] = ()
