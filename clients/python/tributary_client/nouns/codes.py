"""Codes. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    EnrollmentShown,
)


class CodeChange(TypedDict):
    """Another end of a code that was replaced and still works, at most 60 days from now. Orders
    from before the end stay credited.
    """

    ended_at: str | None


class CodeShown(TypedDict):
    """A code of a member. After it ended, another member can get the same code, by another id.
    An `inactive` code whose `ended_at` is still to come was replaced with grace: until then
    orders with it are credited.
    """

    id: str
    enrollment: str | EnrollmentShown
    code: str
    status: Literal["active", "inactive"]
    created_at: str
    ended_at: str | None


class CodesShown(TypedDict):
    """The codes that were given. One that the member has already is not among them."""

    data: list[CodeShown]


class NewCode(TypedDict):
    enrollment: str
    code: NotRequired[str | None]


class NewCodes(TypedDict):
    """Each code takes the place of the one that its member has: all of them or none. `may_reuse`
    are those of the codes that somebody else had before: say that you know.
    """

    codes: list[NewCode]
    may_reuse: NotRequired[list[str]]


class Codes(Caller):
    """The operations on codes."""

    def list_codes(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        enrollment: str | None = None,
        code: str | None = None,
        status: Literal["active", "inactive"] | None = None,
    ) -> Iterator[CodeShown]:
        """GET /api/v1/codes: Return codes, those given last first, also ended ones."""
        return self.pages(
            "/api/v1/codes",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "enrollment": enrollment,
                "code": code,
                "status": status,
            },
        )

    def give_codes(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewCodes],
    ) -> CodesShown:
        """POST /api/v1/codes: Give codes to members of offers, in place of those that they have:
        all or none. A code that somebody else had is refused with the code `had_before` until
        `may_reuse` names it.
        """
        answer: CodesShown = self.call(
            "POST",
            "/api/v1/codes",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_code(
        self,
        code: str,
        *,
        expand: str | None = None,
    ) -> CodeShown:
        """GET /api/v1/codes/{code}: Return one code of one member."""
        answer: CodeShown = self.call(
            "GET",
            f"/api/v1/codes/{quoted(code)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def change_code(
        self,
        code: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[CodeChange],
    ) -> CodeShown:
        """PATCH /api/v1/codes/{code}: End a code that was replaced and still works: at once, or
        at another moment.
        """
        answer: CodeShown = self.call(
            "PATCH",
            f"/api/v1/codes/{quoted(code)}",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
