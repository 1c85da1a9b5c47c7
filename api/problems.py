"""The one shape in which the API says no: problem details as RFC 9457 has them.

Besides the standard's members every document has `code`, which a program can branch on, and
`problems`, one per field that is wrong. Sources: RFC 9457 sections 3 and 4.2.1 ("about:blank").
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from core.postgres import outage_of
from tracking.orders.facts import FieldProblem

CONTENT_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A request that is refused as a whole, before anything was recorded."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        problems: Sequence[FieldProblem] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.problems, self.more, self.headers = tuple(problems), more or {}, headers or {}


def document(error: ApiError) -> dict[str, Any]:
    """The problem details of `error`."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "problems": [as_json(problem) for problem in error.problems],
        **error.more,
    }


def as_json(problem: FieldProblem) -> dict[str, str]:
    """One thing wrong, and where."""
    return {"field": problem.field, "code": problem.code, "message": problem.message}


def refuse(error: ApiError) -> HttpResponse:
    """The response that says `error`."""
    return JsonResponse(
        document(error),
        status=error.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **error.headers},
    )


NOT_FOUND = ApiError(404, "not_found", "There is nothing at this address.")
INVALID_KEY = ApiError(
    401,
    "invalid_api_key",
    "The Authorization header holds no API key that is valid: Bearer trb_…",
    headers={"WWW-Authenticate": "Bearer"},
)


def invalid(problems: Sequence[FieldProblem], **more: Any) -> ApiError:
    """What was sent can be read, and is wrong in these fields."""
    detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    return ApiError(422, "invalid_input", detail, problems=problems, more=more)


def unavailable(*, is_unknown: bool, retry_after: int) -> ApiError:
    """Nobody can do it now. `is_unknown`: some of the request may have been kept."""
    kept = (
        "We do not know whether this request was kept."
        if is_unknown
        else "Nothing of this request was kept."
    )
    return ApiError(
        503,
        "unavailable",
        f"We can't take this in at the moment. {kept} It is safe to send it again.",
        headers={"Retry-After": str(retry_after)},
    )


def say_errors_in_one_shape(api: NinjaAPI) -> None:
    """Answer whatever goes wrong inside an operation of `api` with problem details."""

    @api.exception_handler(ApiError)
    def refuse_as_told(request: HttpRequest, error: ApiError | type[ApiError]) -> HttpResponse:
        assert isinstance(error, ApiError)  # noqa: S101
        return refuse(error)

    @api.exception_handler(AuthenticationError)
    def refuse_key(
        request: HttpRequest, error: AuthenticationError | type[AuthenticationError]
    ) -> HttpResponse:
        return refuse(INVALID_KEY)

    @api.exception_handler(Exception)
    def own_up(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        if isinstance(error, Exception) and outage_of(error):
            raise error  # config.unavailable tries it once more
        logger.error("the API failed", exc_info=error if isinstance(error, Exception) else None)
        return refuse(
            ApiError(
                500,
                "internal_error",
                "Something went wrong on our side and has been recorded. Nothing of this request "
                "was kept; it is safe to send it again.",
            )
        )


View = Callable[..., HttpResponseBase]


def in_one_shape(view: View) -> View:
    """The same for what is answered before an operation is found: wrong method, no such page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return refuse(NOT_FOUND)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        return refuse(
            ApiError(
                405,
                "method_not_allowed",
                f"{request.method} is not possible here: {allowed}",
                headers={"Allow": allowed},
            )
        )

    return answer
