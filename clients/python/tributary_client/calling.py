"""Call the API: each request with its own Idempotency-Key, tried again where that is safe."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from tributary_client.errors import ApiError, UnreadableAnswerError

TRIES = 4
FIRST_PAUSE_SECONDS = 0.5  # doubled for each further try
MAX_PAUSE_SECONDS = 30.0  # where no answer names one
MAX_RETRY_AFTER_SECONDS = 60.0  # a server that asks for more is not asked again
TIMEOUT_SECONDS = 30.0
# The server did nothing (408, 425, 429, 503), or what it did is safe to repeat.
TRIED_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
MAY_BE_DONE = frozenset({500, 502, 504})  # after 503 it was not
IN_PROGRESS = "in_progress"  # the code of a 409: the first try is not answered yet
WITH_KEYS = frozenset({"POST", "PATCH"})  # the methods of which the API keeps Idempotency-Keys
OTHER_ADDRESSES = frozenset({"", ".", ".."})  # as a part of a path (RFC 3986 5.2.4)
PER_PAGE = 200
USER_AGENT = "tributary-python/1"


class Unreachable(Exception):  # noqa: N818 - it is a state of the server
    """No answer came, also after all tries."""


class Caller:
    """One API key at one address. Threads may share it."""

    def __init__(
        self,
        key: str,
        *,
        address: str,
        tries: int = TRIES,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tries, self._sleep = tries, sleep
        self._http = httpx.Client(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {key}", "User-Agent": USER_AGENT},
            timeout=timeout,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        asked: Mapping[str, Any] | None = None,
        sent: Any = None,
        idempotency_key: str = "",
        deleted: Any = None,
    ) -> Any:
        """Return the answer. Raises ApiError, Unreachable and UnreadableAnswerError.

        A POST or PATCH has an Idempotency-Key, the same in each try, so that it is done once, and
        each try is answered as the one that did it. The API keeps no keys of other methods.
        `deleted` is the answer to a request that deletes: it is returned too when a further try
        finds nothing there, after one that may have been done.
        """
        headers = {}
        if method in WITH_KEYS:
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        parameters = {name: value for name, value in (asked or {}).items() if value is not None}
        answer: httpx.Response | None = None
        problem, may_be_done = "no answer", False
        for number in range(self._tries):
            if number:
                self._sleep(pause_before(number, answer))
            try:
                answer = self._http.request(
                    method, path, params=parameters, json=sent, headers=headers
                )
            except httpx.TransportError as error:
                answer, problem, may_be_done = None, str(error) or type(error).__name__, True
                continue
            if answer.is_success:
                return content_of(answer)
            if answer.status_code == 404 and may_be_done and deleted is not None:
                return deleted
            if not is_tried_again(answer):
                break
            may_be_done = may_be_done or answer.status_code in MAY_BE_DONE
        if answer is None:
            raise Unreachable(f"{method} {path}: {problem}")
        raise refusal_of(answer)

    def pages(self, path: str, *, asked: Mapping[str, Any]) -> Iterator[Any]:
        """Yield every item of a list, page by page. Raises ApiError and Unreachable."""
        cursor: str | None = None
        while True:
            page = self.call("GET", path, asked={"limit": PER_PAGE, **asked, "cursor": cursor})
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return


def quoted(text: str) -> str:
    """Return an id as a part of a path. Raises ValueError for one that leads to another address."""
    if text in OTHER_ADDRESSES:
        raise ValueError(f"{text!r} is no id: the request would go to another address.")
    return quote(text, safe="")


def content_of(answer: httpx.Response) -> Any:
    """Return what an answer holds. Raises UnreadableAnswerError where that is no JSON."""
    try:
        return answer.json() if answer.content else None
    except ValueError as error:
        raise UnreadableAnswerError(
            f"{answer.request.method} {answer.request.url}",
            answer.status_code,
            answer.headers.get("content-type", ""),
            answer.text,
        ) from error


def refusal_of(answer: httpx.Response) -> ApiError:
    return ApiError(
        answer.status_code,
        problem_of(answer),
        request_id=answer.headers.get("x-request-id", ""),
        retry_after=retry_after_of(answer),
    )


def is_tried_again(answer: httpx.Response) -> bool:
    if (retry_after_of(answer) or 0) > MAX_RETRY_AFTER_SECONDS:
        return False
    return answer.status_code in TRIED_AGAIN or (
        answer.status_code == 409 and problem_of(answer).get("code") == IN_PROGRESS
    )


def problem_of(answer: httpx.Response) -> Mapping[str, Any]:
    """Return the problem details, also where something before Tributary answered otherwise."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"detail": f"HTTP {answer.status_code}"}


def retry_after_of(answer: httpx.Response) -> float | None:
    """Return the seconds that an answer asks to wait (RFC 9110 10.2.3); None if it names none."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def pause_before(number: int, answer: httpx.Response | None) -> float:
    """Return the seconds before a further try: as long as asked, else longer each time."""
    asked = retry_after_of(answer) if answer is not None else None
    if asked is not None:
        return asked
    growing: float = FIRST_PAUSE_SECONDS * 2 ** (number - 1)
    return min(growing, MAX_PAUSE_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
