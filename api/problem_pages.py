"""/api/problems/<code>: a page that says what an error of the API means, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """An error that the API answers, by its code."""

    status: int
    title: str
    means: str
    what_to_do: str


PROBLEMS = {
    "malformed_json": ProblemKind(
        400,
        "The body is not JSON",
        "The body could not be read as JSON. The answer says in which line and column.",
        "Send valid JSON in UTF-8. Most libraries write it for you from an object.",
    ),
    "invalid_idempotency_key": ProblemKind(
        400,
        "The Idempotency-Key is not usable",
        "The header Idempotency-Key is empty, too long, or has characters that are not ASCII.",
        "Send a UUID, a new one for each request that you would not want to happen twice.",
    ),
    "invalid_api_key": ProblemKind(
        401,
        "No valid API key",
        "The request has no key, or one that is malformed, unknown, revoked, expired, or used from"
        " an address that it is not for.",
        "Send the header Authorization: Bearer and the whole key. If it stopped working, ask who"
        " made it: they see the reason in their request log.",
    ),
    "invalid_key": ProblemKind(
        401,
        "The key in the address is not valid",
        "The address has no key, or one that is unknown, was ended, or is of another kind.",
        "Copy the address anew from Connections → Page script, or Postbacks.",
    ),
    "origin_not_allowed": ProblemKind(
        403,
        "The key works in pages of its brand alone",
        "A publishable key lists the origins that may use it, and this page's is none of them.",
        "Add the origin of the page to the key, under Connections → Page script.",
    ),
    "not_a_form": ProblemKind(
        415,
        "The body is no form",
        "A postback takes its values in its address, or as a form.",
        "Send application/x-www-form-urlencoded or multipart/form-data, or no body.",
    ),
    "insufficient_scope": ProblemKind(
        403,
        "The key may not do this",
        "Each key has scopes, and this operation needs one that the key does not have. The answer"
        " names it.",
        "Use a key with that scope, or have one made.",
    ),
    "not_found": ProblemKind(
        404,
        "Nothing is there",
        "The address leads nowhere, or names a row by an id that does not exist in this brand.",
        "Check the address and the id. Ids of another brand and of another kind lead nowhere too.",
    ),
    "unknown_order": ProblemKind(
        404,
        "There is no such order",
        "No order of this source has this order_id.",
        "Check the source and the order_id. An order counts once it was sent.",
    ),
    "unknown_refund": ProblemKind(
        404,
        "There is no such refund",
        "No refund of this source has this refund_id.",
        "Check the source and the refund_id.",
    ),
    "method_not_allowed": ProblemKind(
        405,
        "The method is not allowed here",
        "The address exists, but not for this method.",
        "The header Allow of the answer names the methods that it takes.",
    ),
    "recorded_differently": ProblemKind(
        409,
        "Recorded already with other contents",
        "An order or refund with this id is recorded, and says something else. The answer shows"
        " both. Nothing was changed.",
        "If what you sent is how it is now, send it with PUT to the address in the answer.",
    ),
    "changed_meanwhile": ProblemKind(
        409,
        "It was changed meanwhile",
        "What you change is not as you read it any more. Nothing was saved. The answer shows under"
        " current what is there now.",
        "Decide again by what is there now, and send your change anew; where it has a version, with"
        " the new one.",
    ),
    "not_possible_now": ProblemKind(
        409,
        "Not possible in this state",
        "The thing exists, but in its state this can't be done to it. The answer shows under"
        " current what is there now, with its state.",
        "Decide by its state. If somebody has done already what you want, there is nothing to do.",
    ),
    "in_progress": ProblemKind(
        409,
        "The first request still runs",
        "A request with the same Idempotency-Key is not answered yet.",
        "Send it again after the seconds that the header Retry-After names.",
    ),
    "body_too_large": ProblemKind(
        413,
        "The body is too large",
        "The server refused to read a body of this size.",
        "Send less at once: a batch can be sent in parts.",
    ),
    "not_json": ProblemKind(
        415,
        "The body must be JSON",
        "The header Content-Type says that the body is something else.",
        "Send the header Content-Type: application/json.",
    ),
    "invalid_input": ProblemKind(
        422,
        "A field is wrong",
        "The request was understood, but a field has a value that it can't have, or a key that is"
        " no field. Nothing was recorded.",
        "The list problems names every wrong field, with a code and the reason. unknown_field says"
        " that a key is unknown here, and which one may be meant.",
    ),
    "idempotency_key_reused": ProblemKind(
        422,
        "The Idempotency-Key was used for another request",
        "Within 24 hours the same key was sent with another body, or to another address.",
        "Give each request a key of its own, and the same key only to its repeats.",
    ),
    "too_many_requests": ProblemKind(
        429,
        "Too many requests",
        "This key sends more than it may over time. Each item of a batch counts. Nothing of this"
        " request was recorded.",
        "Send it again after the seconds that the header Retry-After names. The headers RateLimit-…"
        " of every answer say how many are left.",
    ),
    "internal_error": ProblemKind(
        500,
        "An error on our side",
        "Something failed that is not your fault, and we have logged it. Nothing was recorded.",
        "Send it again: it is safe. If it fails again, tell us the time and the address.",
    ),
    "unavailable": ProblemKind(
        503,
        "Not available at the moment",
        "A server that is needed does not answer.",
        "Send it again after the seconds that the header Retry-After names. It is safe, unless"
        " the answer says to read first: a change without an Idempotency-Key may have been done.",
    ),
}


@require_safe
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an error means. The `type` of every problem document leads here."""
    kind = PROBLEMS.get(code)
    if kind is None:
        raise Http404
    return render(request, "api/problem.html", {"code": code, "kind": kind})
