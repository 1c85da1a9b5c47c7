"""Calls to the REST API v3 of one store: keys over TLS, pages, and what each failure means.

Source: https://woocommerce.github.io/woocommerce-rest-api-docs/ and the plugin's own source for the
codes and messages of refusals. A message says what to do; it never has a key in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from core.outgoing import Answer, Caller, ForbiddenAddressError, NoAnswerError, http_time
from integrations.shop import AccessRefusedError, NotUnderstoodError, ShopAwayError
from integrations.woocommerce import values

API = "/wp-json/wc/v3"
KEYS_PAGE = "In WordPress, open WooCommerce → Settings → Advanced → REST API"
PAGE_SIZE = 100
MAX_PAGES = 1_000
CALL_SECONDS = 30.0  # stores on small hosts take many seconds for 100 orders
MAX_MESSAGE_LENGTH = 200
MAX_PAUSE_SECONDS = 24 * 3600.0


class MissingError(Exception):
    """The store has no such order, coupon or webhook."""


class Rest:
    """The API of one store. Raises ShopAwayError and AccessRefusedError."""

    def __init__(self, caller: Caller, *, store: str, key: str, secret: str) -> None:
        self.caller, self.store = caller, store
        self._auth = (key, secret)

    def raw(self, method: str, path: str, *, has_key: bool = True, **more: Any) -> Answer:
        """Send one request, whatever the status of its answer. Raises ShopAwayError."""
        auth = self._auth if has_key else None
        try:
            return self.caller.send(method, f"{self.store}{path}", auth=auth, **more)
        except ForbiddenAddressError:
            raise ShopAwayError(
                "The store's address leads to a private network. Enter the address that shoppers "
                "use."
            ) from None
        except NoAnswerError as error:
            raise ShopAwayError(f"The store {error}.") from None

    def get(self, path: str, **params: str) -> tuple[Any, Answer]:
        """Return the JSON of an answer, and the answer. Raises MissingError, too."""
        return self._checked(self.raw("GET", f"{API}{path}", params=params))

    def post(self, path: str, value: Any) -> Any:
        return self._checked(self.raw("POST", f"{API}{path}", json=value))[0]

    def batch(self, path: str, **asked: Sequence[Any]) -> dict[str, list[Mapping[str, Any]]]:
        """Create, update and delete in one call; return what became of each, in sequence.

        What failed has an `error`, and so has what the answer says nothing of.
        """
        answer = self.post(path, {name: what for name, what in asked.items() if what})
        found: dict[str, list[Mapping[str, Any]]] = {}
        for name, what in asked.items():
            parts = answer.get(name) if isinstance(answer, Mapping) else None
            known = parts if isinstance(parts, list) else []
            padded = [*known, *([None] * len(what))][: len(what)]
            found[name] = [
                one if isinstance(one, Mapping) else {"error": {"message": "It did not answer."}}
                for one in padded
            ]
        return found

    def list_page(self, path: str, **params: str) -> tuple[list[Mapping[str, Any]], Answer]:
        """Return the objects in one page of a list."""
        found, answer = self.get(path, per_page=str(PAGE_SIZE), **params)
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            raise ShopAwayError("The store answered with something else than a list.")
        return found, answer

    def pages(self, path: str, **params: str) -> Iterator[Mapping[str, Any]]:
        """Return all objects of a list, page after page, sorted by id so that none moves."""
        for page in range(1, MAX_PAGES + 1):
            found, answer = self.list_page(
                path, page=str(page), orderby="id", order="asc", **params
            )
            yield from found
            pages = answer.headers.get("x-wp-totalpages", "")
            if len(found) < PAGE_SIZE or (pages.isdecimal() and page >= int(pages)):
                return

    def _checked(self, answer: Answer) -> tuple[Any, Answer]:
        if answer.status not in (200, 201):
            raise failure_of(answer, self.store)
        try:
            return values.parse(answer.body), answer
        except NotUnderstoodError:
            raise ShopAwayError(
                "The store answered with a page in place of JSON. Turn off maintenance mode, and "
                "keep caches and firewalls away from addresses that begin with /wp-json/."
            ) from None


def failure_of(answer: Answer, store: str) -> Exception:
    """Return the exception that says what an answer with a status of an error means."""
    error = _error_in(answer)
    status, message = answer.status, _message(error)
    if status == 404 and str(error.get("code", "")).endswith("_id"):
        return MissingError()
    if 300 <= status < 400:
        return AccessRefusedError(_moved(answer, store))
    if status == 401 or (status == 403 and error):
        return AccessRefusedError(refusal(status, message))
    if status == 403:
        return AccessRefusedError(
            "A firewall in front of the store refused us. Ask your host to let requests to "
            f"{API}/ through."
        )
    if status == 404:
        return ShopAwayError(
            "The store has no REST API of WooCommerce at this address. Check that WooCommerce is "
            "active and that no plugin turns off its REST API."
        )
    if status == 429:
        return ShopAwayError("The store asks us to wait.", retry_after=retry_after(answer))
    if status >= 500:
        return ShopAwayError(
            f"The store's server failed (status {status}).", retry_after=retry_after(answer)
        )
    return ShopAwayError(f"The store refused a request (status {status}). {message}".strip())


def refusal(status: int, message: str) -> str:
    """What a refused key means, and what to do."""
    if "write permissions" in message:
        return f"The key may only read. {KEYS_PAGE}, and set its permissions to Read/Write."
    if "read permissions" in message:
        return f"The key may only write. {KEYS_PAGE}, and set its permissions to Read/Write."
    if "secret is invalid" in message:
        return (
            "The consumer secret does not belong to the consumer key. "
            f"{KEYS_PAGE}, add a new key, and paste both parts of it."
        )
    if status == 403:
        return (
            "The WordPress user of the key may not do this. "
            f"{KEYS_PAGE}, and add a key for an administrator or a shop manager."
        )
    return (
        f"The store does not know the key. {KEYS_PAGE}, and add a new one; if it is refused too, "
        "ask your host to pass the header Authorization on to PHP."
    )


def _error_in(answer: Answer) -> Mapping[str, Any]:
    try:
        found = values.parse(answer.body)
    except NotUnderstoodError:
        return {}
    return found if isinstance(found, Mapping) and "code" in found else {}


def _message(error: Mapping[str, Any]) -> str:
    return values.text(error, "message", max_length=MAX_MESSAGE_LENGTH)


def _moved(answer: Answer, store: str) -> str:
    try:
        parts = urlsplit(answer.headers.get("location", ""))
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or host == urlsplit(store).hostname:
        return (
            "The store sends us to another page in place of its REST API. Check that no plugin "
            "turns the API off or asks visitors to log in."
        )
    return f"The store has moved to {host[:100]}. Enter that address."


def retry_after(answer: Answer) -> float | None:
    """Return for how many seconds the store asks us to wait; None if it does not say."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal() and len(said) < 10:
        return min(float(said), MAX_PAUSE_SECONDS)
    until = http_time(said)
    if until is None:
        return None
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), MAX_PAUSE_SECONDS)
