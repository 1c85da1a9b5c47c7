"""Links. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    EnrollmentShown,
)


class LinkChange(TypedDict):
    """Another label or another slug. What is left out stays; earlier slugs go on leading there."""

    label: NotRequired[str | None]
    slug: NotRequired[str | None]


class LinkShown(TypedDict):
    """A tracking link. A `destination_url` of null is the offer's own; others are deep links."""

    id: str
    enrollment: str | EnrollmentShown
    url: str
    slug: str
    label: str
    destination_url: str | None
    status: Literal["active", "inactive"]
    created_at: str
    ended_at: str | None


class LinksShown(TypedDict):
    """The links that are new. With `destination_url`, the one of each enrollment, new or not."""

    data: list[LinkShown]


class NewLinks(TypedDict):
    """A tracking link for each that has none, or one deep link for each with `destination_url`."""

    enrollments: list[str]
    destination_url: NotRequired[str | None]
    label: NotRequired[str]
    slug: NotRequired[str]


class Links(Caller):
    """The operations on links."""

    def list_links(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        enrollment: str | None = None,
        status: Literal["active", "inactive"] | None = None,
    ) -> Iterator[LinkShown]:
        """GET /api/v1/links: Return tracking links, the newest first, also those that were
        ended.
        """
        return self.pages(
            "/api/v1/links",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "enrollment": enrollment,
                "status": status,
            },
        )

    def give_links(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewLinks],
    ) -> LinksShown:
        """POST /api/v1/links: Give tracking links to members who have none, or make deep links:
        all or none. A link that a member has already is changed by `PATCH`: with another label
        or slug than its own, this refuses.
        """
        answer: LinksShown = self.call(
            "POST",
            "/api/v1/links",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_link(
        self,
        link: str,
        *,
        expand: str | None = None,
    ) -> LinkShown:
        """GET /api/v1/links/{link}: Return one tracking link."""
        answer: LinkShown = self.call(
            "GET",
            f"/api/v1/links/{quoted(link)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def change_link(
        self,
        link: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[LinkChange],
    ) -> LinkShown:
        """PATCH /api/v1/links/{link}: Give a link another label or slug. Its earlier slugs go on
        leading to the same page.
        """
        answer: LinkShown = self.call(
            "PATCH",
            f"/api/v1/links/{quoted(link)}",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
