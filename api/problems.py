"""Errors of the API: all of them are problem details (RFC 9457).

Besides the standard members, every document has `code`, which a program can test, and `problems`,
one per wrong field. `type` is the address of a page about the code (api.problem_pages). Source:
RFC 9457 section 3.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from core.postgres import outage_of
from tracking.orders.facts import MAX_PROBLEMS, FieldProblem

CONTENT_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


class ApiError(Exception):
    """The request is refused as a whole, before anything was recorded."""

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
    """Return the problem details of `error`."""
    return {
        "type": f"{settings.BASE_URL}/api/problems/{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "problems": [as_json(problem) for problem in error.problems],
        **error.more,
    }


def as_json(problem: FieldProblem) -> dict[str, str]:
    """Return the problem of one field as JSON."""
    return {"field": problem.field, "code": problem.code, "message": problem.message}


def refuse(error: ApiError) -> HttpResponse:
    """Return the response for `error`."""
    return JsonResponse(
        document(error),
        status=error.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **error.headers},
    )


NOT_FOUND = ApiError(404, "not_found", "There is nothing at this address.")


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Answer any method at an address that leads nowhere."""
    return refuse(NOT_FOUND)


TOO_LARGE = ApiError(413, "body_too_large", "The body is too large: send less at once.")
INTERNAL_ERROR = ApiError(
    500,
    "internal_error",
    "An error happened on our side, and we have logged it. Nothing of this request was "
    "recorded. It is safe to send it again.",
)
INVALID_KEY = ApiError(
    401,
    "invalid_api_key",
    "The Authorization header has no valid API key. Send Authorization: Bearer trb_…",
    headers={"WWW-Authenticate": "Bearer"},
)


def invalid(problems: Sequence[FieldProblem], **more: Any) -> ApiError:
    """Return a 422 error for JSON with wrong fields."""
    detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    return ApiError(422, "invalid_input", detail, problems=problems, more=more)


def _problem_of(error: Mapping[str, Any]) -> FieldProblem:
    """What a schema says of one field, by its path, such as "tiers.0.name"."""
    _, *path = error["loc"]  # "body" or "query", then the name that the view gives to all of it
    path = path[1:] if path[:1] in (["sent"], ["asked"]) else path
    told = error.get("ctx", {})
    path += [told["name"]] if "sentence" in told else []
    message = str(error["msg"])
    message = message[:1].lower() + message[1:]
    return FieldProblem(".".join(map(str, path)) or "body", str(error["type"]), message)


def unavailable(*, is_unknown: bool, retry_after: int, is_done_once: bool = True) -> ApiError:
    """Return a 503 error. `is_unknown`: a part of the request may have been recorded.

    `is_done_once`: sent again, it would not be done twice (api.idempotency).
    """
    recorded = (
        "We do not know whether this request was recorded."
        if is_unknown
        else "Nothing of this request was recorded."
    )
    again = (
        "It is safe to send it again."
        if is_done_once or not is_unknown
        else "Read what is there before you send it again. With an Idempotency-Key you need not."
    )
    return ApiError(
        503,
        "unavailable",
        f"The service is not available at the moment. {recorded} {again}",
        headers={"Retry-After": str(retry_after)},
    )


def answer_errors_with_problem_details(api: NinjaAPI) -> None:
    """Answer every error inside an operation of `api` with problem details."""

    @api.exception_handler(ApiError)
    def answer_api_error(request: HttpRequest, error: ApiError | type[ApiError]) -> HttpResponse:
        assert isinstance(error, ApiError)  # noqa: S101
        return refuse(error)

    @api.exception_handler(AuthenticationError)
    def answer_wrong_key(
        request: HttpRequest, error: AuthenticationError | type[AuthenticationError]
    ) -> HttpResponse:
        return refuse(INVALID_KEY)

    @api.exception_handler(RequestDataTooBig)
    def answer_too_large(
        request: HttpRequest, error: RequestDataTooBig | type[RequestDataTooBig]
    ) -> HttpResponse:
        return refuse(TOO_LARGE)

    @api.exception_handler(HttpError)
    def answer_unread_body(
        request: HttpRequest, error: HttpError | type[HttpError]
    ) -> HttpResponse:
        cause = error.__cause__
        if not isinstance(cause, ApiError):
            raise cause or error
        return refuse(cause)

    @api.exception_handler(ValidationError)
    def answer_wrong_fields(
        request: HttpRequest, error: ValidationError | type[ValidationError]
    ) -> HttpResponse:
        assert isinstance(error, ValidationError)  # noqa: S101
        return refuse(invalid([_problem_of(one) for one in error.errors[:MAX_PROBLEMS]]))

    @api.exception_handler(TooManyFieldsSent)
    def answer_long_query(
        request: HttpRequest, error: TooManyFieldsSent | type[TooManyFieldsSent]
    ) -> HttpResponse:
        message = "has more parameters than any list takes"
        return refuse(invalid([FieldProblem("query", "too_many", message)]))

    @api.exception_handler(Exception)
    def answer_internal_error(
        request: HttpRequest, error: Exception | type[Exception]
    ) -> HttpResponse:
        if isinstance(error, Exception) and outage_of(error):
            raise error  # config.unavailable tries the request once more
        logger.error("The API failed.", exc_info=error if isinstance(error, Exception) else None)
        return refuse(INTERNAL_ERROR)


View = Callable[..., HttpResponseBase]


def with_problem_details(view: View) -> View:
    """Answer with problem details where no operation matches: wrong method or address."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return refuse(NOT_FOUND)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers.setdefault("Cache-Control", "no-store")  # it may be personal
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        return refuse(
            ApiError(
                405,
                "method_not_allowed",
                f"The method {request.method} is not allowed here. Allowed: {allowed}.",
                headers={"Allow": allowed},
            )
        )

    return answer
