"""Questions. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted
from tributary_client.nouns.shared import (
    EnrollmentShown,
)


class Answer(TypedDict):
    """`attribute` credits the order to the member; the others say why it is not theirs."""

    kind: Literal["attribute", "explain", "refuse"]
    answer: str
    order: NotRequired[str | None]


class QuestionShown(TypedDict):
    """A member's question about a missing sale. It is answered once."""

    id: str
    enrollment: str | EnrollmentShown
    order_reference: str
    ordered_on: str
    note: str
    asked_at: str
    state: Literal["open", "attributed", "explained", "refused"]
    answer: str
    answered_by: str
    answered_at: str | None
    conversion: str | None


class Questions(Caller):
    """The operations on questions."""

    def list_questions(
        self,
        *,
        expand: str | None = None,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        state: Literal["open", "attributed", "explained", "refused"] | None = None,
        member: str | None = None,
    ) -> Iterator[QuestionShown]:
        """GET /api/v1/questions: Return questions, those asked last first."""
        return self.pages(
            "/api/v1/questions",
            asked={
                "expand": expand,
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "state": state,
                "member": member,
            },
        )

    def show_question(
        self,
        question: str,
        *,
        expand: str | None = None,
    ) -> QuestionShown:
        """GET /api/v1/questions/{question}: Return one question."""
        answer: QuestionShown = self.call(
            "GET",
            f"/api/v1/questions/{quoted(question)}",
            asked={
                "expand": expand,
            },
        )
        return answer

    def answer_question(
        self,
        question: str,
        *,
        idempotency_key: str = "",
        **sent: Unpack[Answer],
    ) -> QuestionShown:
        """POST /api/v1/questions/{question}/answer: Answer a question, once. The member reads it
        on their dashboard and gets a mail.
        """
        answer: QuestionShown = self.call(
            "POST",
            f"/api/v1/questions/{quoted(question)}/answer",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer
