"""Revisions. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    RefundListed,
)


class RevisionShown(TypedDict):
    """One statement of an order, in the words in which it was sent."""

    id: str
    order: str
    number: int
    contents: dict[str, Any]
    updated_at: str
    received_at: str


class Revisions(Caller):
    """The operations on revisions."""

    def list_revisions(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        order: str | None = None,
    ) -> Iterator[RevisionShown]:
        """GET /api/v1/revisions: Return the statements of an order, the last first. One that was
        stated once has none.
        """
        return self.pages(
            "/api/v1/revisions",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "order": order,
            },
        )

    def show_refund(
        self,
        refund: str,
    ) -> RefundListed:
        """GET /api/v1/refunds/{refund}: Return one refund by its id."""
        answer: RefundListed = self.call(
            "GET",
            f"/api/v1/refunds/{quoted(refund)}",
        )
        return answer

    def show_revision(
        self,
        revision: str,
    ) -> RevisionShown:
        """GET /api/v1/revisions/{revision}: Return one statement of an order."""
        answer: RevisionShown = self.call(
            "GET",
            f"/api/v1/revisions/{quoted(revision)}",
        )
        return answer
