"""The API's document: what holds for every operation is added to it here.

The scopes that a key needs, the headers of the rate limit and 429, for each POST and PATCH the
header Idempotency-Key with its errors, and links from one operation to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from accounts.models import MAX_IDEMPOTENCY_NAME
from api.authentication import ShopKey
from api.document_links import add_links
from api.idempotency import METHODS
from api.problems import CONTENT_TYPE

HEADERS = {
    "RateLimit-Limit": "How many requests, and items of batches, may come at once.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "In how many seconds all of them are there again.",
}
REPEATED = "Idempotency-Replayed"
REFUSALS_OF_REPEATS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A name of this request, such as a UUID. Sent again with the same body within 24 hours, it "
        f"is answered as the first time, with {REPEATED}: true. With another body it is refused "
        "(422 idempotency_key_reused), and while the first one runs too (409 in_progress)."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_IDEMPOTENCY_NAME,
        "pattern": "^[!#-~]+$",
    },
}


def made_once(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Have each process make the document once: anybody may ask for it, and it takes a second.

    Who has it already sends its ETag, and is answered 304 as long as it is the same.
    """
    making, made = Lock(), list[tuple[bytes, str]]()

    @require_safe
    def answer(request: HttpRequest) -> HttpResponse:
        with making:
            if not made:
                text = view(request).content
                made.append((text, f'"{sha256(text).hexdigest()}"'))
        text, etag = made[0]
        headers = {"Cache-Control": "no-cache", "ETag": etag}
        whole = HttpResponse(text, content_type="application/json", headers=headers)
        return get_conditional_response(request, etag=etag, response=whole) or whole

    return answer


class DescribedApi(NinjaAPI):
    """An API whose document says what all operations have in common."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        scopes = dict(self._scopes())
        for path in schema["paths"].values():
            for method, operation in path.items():
                _describe(operation, method.upper(), scopes.get(operation["operationId"], []))
        schema["components"]["headers"] = {
            name: {"description": text, "schema": {"type": "integer", "minimum": 0}}
            for name, text in HEADERS.items()
        }
        add_links(schema, among={name for name, needed in scopes.items() if needed})
        return schema

    def _scopes(self) -> Iterator[tuple[str, list[str]]]:
        """The scopes of which each operation needs one."""
        for _prefix, router in self._routers:
            for view in router.path_operations.values():
                for operation in view.operations:
                    found = [one for one in operation.auth_callbacks if isinstance(one, ShopKey)]
                    needed = [scope.value for one in found for scope in one.scopes]
                    yield str(operation.operation_id), needed


def _describe(operation: dict[str, Any], method: str, scopes: list[str]) -> None:
    if scopes:  # the others take a key in their address
        operation["security"] = [{ShopKey.__name__: [scope]} for scope in scopes]
    responses = operation["responses"]
    refusals = [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS]
    if method in METHODS and scopes:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        refusals += REFUSALS_OF_REPEATS
    for status in refusals:
        known = {str(one) for one in responses}
        if str(status.value) not in known:
            responses[status.value] = _refusal(status)
    for status, response in responses.items():
        if int(status) != HTTPStatus.UNAUTHORIZED:
            headers = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
            response["headers"] = {**response.get("headers", {}), **headers}


def _refusal(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {"description": status.phrase, "content": {CONTENT_TYPE: {"schema": schema}}}
