"""The header Idempotency-Key: a POST that is repeated runs once.

As draft-ietf-httpapi-idempotency-key-header-07 has it: the same key with another request is 422, a
request that still runs is 409. A key may stand in quotation marks or not. The answer to a repeat is
the one to the first request, with Idempotency-Replayed: true.

What an operation changes, and the answer that is kept, are one transaction. Orders and refunds are
recorded in a transaction with others', so they are not in it; each of them has an identity, and
recording it twice changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, RawPostDataException
from django.utils import timezone

from accounts.idempotency import (
    Claim,
    InProgressError,
    KeptAnswer,
    KeyReusedError,
    claim_request,
    give_up_claim,
    keep_answer,
)
from accounts.models import MAX_IDEMPOTENCY_NAME, ApiKey
from api.authentication import counted_key
from api.problems import ApiError, refuse
from core.tenancy import acting_for

METHODS = frozenset({"POST", "PATCH"})
HAVE_IDENTITIES = frozenset(
    {"/api/v1/orders", "/api/v1/refunds", "/api/v1/script/orders", "/api/v1/postback"}
)
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")
# As the document has it: printable ASCII without spaces and quotation marks.
PLAIN = re.compile(r"[!#-~]+")
View = Callable[..., HttpResponseBase]


def idempotent(view: View) -> View:
    """Wrap a view of the API. A request without the header costs nothing."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sent = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if sent is None or request.method not in METHODS:
            return view(request, *args, **kwargs)
        try:
            key, body = counted_key(request), request.body
        except (RequestDataTooBig, RawPostDataException, ApiError):
            key, body = None, b""
        if key is None:
            return view(request, *args, **kwargs)  # which says what is wrong
        request.auth = key  # type: ignore[attr-defined]
        claimed = claim(
            key, sent, operation=f"{request.method} {request.get_full_path()}", body=body
        )
        if isinstance(claimed, HttpResponse):
            return claimed
        has_identity = request.path in HAVE_IDENTITIES
        return _run(request, claimed, has_identity, lambda: view(request, *args, **kwargs))

    return answer


def claim(key: ApiKey, sent: str, *, operation: str, body: bytes) -> Claim | HttpResponse:
    """Claim the Idempotency-Key `sent` for a request. Returns the answer where it may not run."""
    try:
        with acting_for(key.brand):
            claimed = claim_request(
                key=key,
                name=_name(sent),
                operation=operation[:520],
                body_digest=hashlib.sha256(body).hexdigest(),
                now=timezone.now(),
            )
    except KeyReusedError:
        return refuse(REUSED)
    except InProgressError as error:
        return refuse(_in_progress(error.seconds))
    except ApiError as error:
        return refuse(error)
    return _again(claimed) if isinstance(claimed, KeptAnswer) else claimed


def is_done_once(request: HttpRequest) -> bool:
    """Whether a request that is sent again has no other effect than one that is sent once."""
    return (
        request.method not in METHODS
        or request.path in HAVE_IDENTITIES
        or "HTTP_IDEMPOTENCY_KEY" in request.META
    )


REUSED = ApiError(
    422,
    "idempotency_key_reused",
    "This Idempotency-Key was used for another request within 24 hours. Send each request with a "
    "key of its own.",
)


def _in_progress(seconds: int) -> ApiError:
    return ApiError(
        409,
        "in_progress",
        "The first request with this Idempotency-Key is not answered yet. Send it again later.",
        headers={"Retry-After": str(seconds)},
    )


def _name(sent: str) -> str:
    """Return the key that the header holds. Raises ApiError."""
    name = sent.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if not 0 < len(name) <= MAX_IDEMPOTENCY_NAME or not PLAIN.fullmatch(name):
        raise ApiError(
            400,
            "invalid_idempotency_key",
            f"The header Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_NAME} characters of ASCII,"
            " such as a UUID.",
        )
    return name


def _run(
    request: HttpRequest, claim: Claim, has_identity: bool, view: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Answer the request, and keep the answer if it did something. Else let the key go."""
    key, is_kept = cast("ApiKey", request.auth), False  # type: ignore[attr-defined]
    try:
        with contextlib.nullcontext() if has_identity else transaction.atomic():
            response = view()
            if response.status_code < 400 and isinstance(response, HttpResponse):
                shown_once = getattr(request, "shown_once", "")
                is_anew = getattr(request, "is_answered_anew", False)
                is_kept = not is_anew and keep(key, claim, response, shown_once=shown_once)
                if not (is_kept or is_anew or has_identity):
                    # Another one took it over, and did it.
                    transaction.set_rollback(True)
                    response = refuse(_in_progress(1))
            elif not has_identity:
                transaction.set_rollback(True)
    except BaseException:
        is_kept = False
        raise
    finally:
        if not is_kept:
            give_up(key, claim)
    return response


def show_once(request: HttpRequest, field: str) -> None:
    """Keep the answer to this request without this field of it, which is a secret: it is null."""
    request.shown_once = field  # type: ignore[attr-defined]


def answer_anew(request: HttpRequest) -> None:
    """Keep no answer to this request, which changes nothing: a repeat is answered as it is then."""
    request.is_answered_anew = True  # type: ignore[attr-defined]


def keep(key: ApiKey, claim: Claim, response: HttpResponse, *, shown_once: str = "") -> bool:
    """Keep the answer for repeats; return whether the claim was still this request's."""
    with acting_for(key.brand):
        return keep_answer(claim=claim, answer=_kept(response, shown_once))


def give_up(key: ApiKey, claim: Claim) -> None:
    """Let the Idempotency-Key go. While PostgreSQL is away, the claim ends by itself."""
    with contextlib.suppress(Error), acting_for(key.brand):
        give_up_claim(claim=claim)


def _kept(response: HttpResponse, shown_once: str) -> KeptAnswer:
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    content = response.content.decode()
    if shown_once:
        content = json.dumps({**json.loads(content), shown_once: None})
    return KeptAnswer(response.status_code, headers, content)


def _again(answer: KeptAnswer) -> HttpResponse:
    headers = answer.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(answer.content, status=answer.status, headers=headers)
