"""What the client raises: a refusal of the API, and an answer that is none of the API's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 200  # characters that are kept of an answer that is not the API's


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class ApiError(Exception):
    """The request was refused. `problem` is the whole answer (RFC 9457).

    `code` is for programs ("unknown_member"), the exception's text for people, and `problems` says
    what is wrong with each field. `retry_after` is in how many seconds to send it again, where the
    answer says so.
    """

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any],
        *,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.status, self.problem, self.request_id = status, problem, request_id
        self.retry_after = retry_after
        self.code = str(problem.get("code", ""))
        self.problems = _fields_of(problem.get("problems"))
        text = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        wait = "" if retry_after is None else f" (Retry-After: {retry_after:,.0f} seconds)"
        super().__init__(f"{text}{wait}")


class UnreadableAnswerError(Exception):
    """Something else than the API answered, such as a page of a proxy. `beginning` is its text."""

    def __init__(self, request: str, status: int, content_type: str, text: str) -> None:
        self.status, self.content_type, self.beginning = status, content_type, text[:MAX_TEXT]
        kind = content_type or "no content type"
        super().__init__(
            f"{request} was answered {status} with no JSON ({kind}): {text[:MAX_TEXT]}"
        )


def _fields_of(problems: object) -> list[FieldError]:
    """Read the problems of fields, whatever a proxy before the API put in their place."""
    listed = problems if isinstance(problems, list) else []
    return [
        FieldError(*(str(one.get(name, "")) for name in ("field", "code", "message")))
        for one in listed
        if isinstance(one, Mapping)
    ]
