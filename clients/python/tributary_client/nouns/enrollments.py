"""Enrollments. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    EnrollmentShown,
)


class ChangedEnrollments(TypedDict):
    """`unchanged` were so already, `skipped` stay as they are, `notes` tell what else happened."""

    changed: int
    unchanged: int
    skipped: list[NotChanged]
    notes: list[NotChanged]


class ChosenEnrollments(TypedDict):
    enrollments: list[str]


class DashboardLink(TypedDict):
    """A link that opens the member's dashboard without a login: keep it from others."""

    enrollment: str
    url: str


class EnrollmentsShown(TypedDict):
    data: list[EnrollmentShown]


class NewEnrollments(TypedDict):
    """With `with_items`, each gets a code and a link, as the offer's kind says."""

    offer: str
    members: list[str]
    with_items: NotRequired[bool]


class NotChanged(TypedDict):
    """An enrollment that stays as it was, or has something to know of, and why."""

    enrollment: str
    why: str


class Enrollments(Caller):
    """The operations on enrollments."""

    def list_enrollments(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        member: str | None = None,
        offer: str | None = None,
        status: Literal["", "active", "inactive", "removed"] | None = None,
    ) -> Iterator[EnrollmentShown]:
        """GET /api/v1/enrollments: Return members in offers, those who joined last first, also
        removed ones.
        """
        return self.pages(
            "/api/v1/enrollments",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "member": member,
                "offer": offer,
                "status": status,
            },
        )

    def add_members_to_offer(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewEnrollments],
    ) -> EnrollmentsShown:
        """POST /api/v1/enrollments: Add members to an offer. Who is in it stays as they are; who
        was removed is back.
        """
        answer: EnrollmentsShown = self.call(
            "POST",
            "/api/v1/enrollments",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def activate_enrollments(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenEnrollments],
    ) -> ChangedEnrollments:
        """POST /api/v1/enrollments/activate: Activate members in their offers again, with the
        code and link that they had last.
        """
        answer: ChangedEnrollments = self.call(
            "POST",
            "/api/v1/enrollments/activate",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def deactivate_enrollments(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenEnrollments],
    ) -> ChangedEnrollments:
        """POST /api/v1/enrollments/deactivate: Stop members' codes and links. What they earned
        stays.
        """
        answer: ChangedEnrollments = self.call(
            "POST",
            "/api/v1/enrollments/deactivate",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def remove_enrollments(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenEnrollments],
    ) -> ChangedEnrollments:
        """POST /api/v1/enrollments/remove: Remove members from their offers. Who is owed money
        is skipped: pay them first.
        """
        answer: ChangedEnrollments = self.call(
            "POST",
            "/api/v1/enrollments/remove",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def renew_dashboard_links(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[ChosenEnrollments],
    ) -> ChangedEnrollments:
        """POST /api/v1/enrollments/renew-dashboard-link: Revoke members' dashboard links. Each
        gets another one.
        """
        answer: ChangedEnrollments = self.call(
            "POST",
            "/api/v1/enrollments/renew-dashboard-link",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_enrollment(
        self,
        enrollment: str,
        *,
        expand: str | None = None,
    ) -> EnrollmentShown:
        """GET /api/v1/enrollments/{enrollment}: Return one member in one offer."""
        answer: EnrollmentShown = self.call(
            "GET",
            f"/api/v1/enrollments/{quoted(enrollment)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def show_dashboard_link(
        self,
        enrollment: str,
        *,
        idempotency_key: str = "",
    ) -> DashboardLink:
        """POST /api/v1/enrollments/{enrollment}/dashboard-link: Return the link that opens a
        member's dashboard. Changes nothing, but is a secret.
        """
        answer: DashboardLink = self.call(
            "POST",
            f"/api/v1/enrollments/{quoted(enrollment)}/dashboard-link",
            idempotency_key=idempotency_key,
        )
        return answer
