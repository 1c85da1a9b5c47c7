"""Clicks. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    EnrollmentShown,
)


class ClickShown(TypedDict):
    """A shopper followed a link. One by a robot is not counted."""

    id: str
    link: str
    enrollment: str | EnrollmentShown
    clicked_at: str
    counted: bool
    kind: str
    referrer_host: str
    sub1: str
    sub2: str
    sub3: str
    sub4: str
    sub5: str
    country: str
    device: str


class Clicks(Caller):
    """The operations on clicks."""

    def list_clicks(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        enrollment: str | None = None,
    ) -> Iterator[ClickShown]:
        """GET /api/v1/clicks: Return clicks on links, the newest first, also those that do not
        count.
        """
        return self.pages(
            "/api/v1/clicks",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "enrollment": enrollment,
            },
        )

    def show_click(
        self,
        click: str,
        *,
        expand: str | None = None,
    ) -> ClickShown:
        """GET /api/v1/clicks/{click}: Return one click."""
        answer: ClickShown = self.call(
            "GET",
            f"/api/v1/clicks/{quoted(click)}",
            asked={
                "expand": expand,
            },
        )
        return answer
