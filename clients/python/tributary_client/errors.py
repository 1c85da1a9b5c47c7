"""What the API answers when a request is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class ApiError(Exception):
    """The request was refused. `problem` is the whole answer (RFC 9457).

    `code` is for programs ("unknown_member"), the exception's text for people, and `problems` says
    what is wrong with each field.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], *, request_id: str = "") -> None:
        self.status, self.problem, self.request_id = status, problem, request_id
        self.code = str(problem.get("code", ""))
        self.problems = [
            FieldError(str(one.get("field", "")), str(one["code"]), str(one["message"]))
            for one in problem.get("problems", ())
        ]
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
