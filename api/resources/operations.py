"""Declare the operations of a noun: who may call them, for which brand they act, what they answer.

A view takes the request and what was sent, calls one service or reads, and returns a schema. It
acts for the brand of the key, in that brand's time zone. What it changes and what its answer reads
are one transaction: where no answer can be made, nothing was done.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import Any, get_args

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Router
from pydantic import BaseModel

from api import documents
from api.authentication import Scope, key_of, needs
from api.problems import invalid
from api.resources.refusing import refusing, seen_version
from api.schemas.parts import CONTROL_CHARACTER, HAS_NUL, UNKNOWN
from core.tenancy import acting_for
from core.text import unknown_name
from tracking.orders.facts import FieldProblem

View = Callable[..., BaseModel]
REFUSALS = (401, 403, 405, 422, 500)
OF_BODIES = (400, 413, 415)
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": (
        'The version that you read, such as "3". Where it is another by now, nothing is changed'
        " (409 changed_meanwhile). A version in the body must be the same one."
    ),
    "schema": {"type": "string", "pattern": r'^("[0-9]{1,9}"|[0-9]{1,9}|\*)$'},
}
NO_VERSION = "what this changes has no version, so nothing was changed: leave the header out"


class Noun:
    """The operations of one noun. Reading takes the scope `reads`, changing takes `changes`."""

    def __init__(
        self,
        tag: str,
        *,
        changes: Scope,
        reads: Scope = Scope.READ,
        onto: NinjaAPI | None = None,
    ) -> None:
        self.router: Router | NinjaAPI = onto or Router()
        self.tag, self.changes, self.reads = tag, changes, reads

    def get(self, path: str, answer: Any) -> Callable[[View], View]:
        return self._operation("GET", path, answer, 200, conflicts=False)

    def post(
        self,
        path: str,
        answer: Any,
        *,
        status: int = 200,
        conflicts: bool = False,
        versioned: bool = False,
    ) -> Callable[[View], View]:
        """Declare a change. `conflicts`: what is there may be another than the caller saw (409).

        `versioned`: what it changes has a version, which the view compares with If-Match.
        """
        return self._operation(
            "POST", path, answer, status, conflicts=conflicts, versioned=versioned
        )

    def patch(
        self, path: str, answer: Any, *, conflicts: bool = True, versioned: bool = True
    ) -> Callable[[View], View]:
        return self._operation("PATCH", path, answer, 200, conflicts=conflicts, versioned=versioned)

    def delete(self, path: str, answer: Any) -> Callable[[View], View]:
        return self._operation("DELETE", path, answer, 200, conflicts=False)

    def _operation(
        self,
        method: str,
        path: str,
        answer: Any,
        status: int,
        *,
        conflicts: bool,
        versioned: bool = False,
    ) -> Callable[[View], View]:
        scope = self.reads if method == "GET" else self.changes
        also = [404] * ("{" in path) + [409] * conflicts

        def declare(view: View) -> View:
            takes_body = "sent" in inspect.signature(view).parameters
            refusals = [*REFUSALS, *also, *(OF_BODIES if takes_body else ())]
            # The views of single and chosen rows are not called as the services that they call.
            name = view.__name__.replace("_one_", "_").replace("_some_", "_")
            add: Any = getattr(self.router, method.lower())
            add(
                path,
                response={status: answer},
                auth=needs(scope),
                operation_id=name,
                summary=name.replace("_", " ").capitalize(),
                tags=[self.tag],
                openapi_extra={
                    "responses": documents.refusals(*sorted(refusals)),
                    **({"parameters": [IF_MATCH]} if versioned else {}),
                },
            )(_acting(view, changes=method != "GET", versioned=versioned))
            return view

        return declare


def _acting(view: View, *, changes: bool, versioned: bool) -> Callable[..., Any]:
    """Act for the key's brand in its time zone, and refuse what the query should not have."""
    signature = inspect.signature(view, eval_str=True)
    known = _names_of_query(signature.parameters)

    @wraps(view)
    def act(request: HttpRequest, **sent: Any) -> BaseModel:
        brand = key_of(request).brand
        check_query(request, known)
        if changes and not versioned:
            refuse_version(request)
        together = transaction.atomic() if changes else nullcontext()
        with acting_for(brand), timezone.override(brand.zone), refusing(), together:
            return view(request, **sent)

    act.__signature__ = signature.replace(return_annotation=HttpResponse)  # type: ignore[attr-defined]
    return act


def _names_of_query(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    """The names that a query may have: the fields of the schema `asked`."""
    asked = parameters.get("asked")
    return list(get_args(asked.annotation)[0].model_fields) if asked else []


def refuse_version(request: HttpRequest) -> None:
    """Refuse an If-Match, as what is changed has no version. Raises ApiError (422)."""
    if seen_version(request, None) is not None:
        raise invalid([FieldProblem(IF_MATCH["name"], "refused", NO_VERSION)])


def check_query(request: HttpRequest, known: Sequence[str] = ()) -> None:
    """Refuse names that the operation does not know, and NUL characters. Raises ApiError (422)."""
    problems = [
        FieldProblem(name, UNKNOWN, unknown_name(name, known))
        for name in request.GET
        if name not in known
    ]
    problems += [
        FieldProblem(name, "duplicate", "stands twice in the address")
        for name, listed in request.GET.lists()
        if len(listed) > 1
    ]
    problems += [
        FieldProblem(name, CONTROL_CHARACTER, HAS_NUL)
        for name, value in request.GET.items()
        if "\0" in value
    ]
    if problems:
        raise invalid(problems)
