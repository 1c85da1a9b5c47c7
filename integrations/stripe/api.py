"""Call Stripe: its library composes and reads, `core.outgoing` connects, within its limits.

The library retries nothing: what fails may be worked on again later. Every POST has its own
idempotency key, made by the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import stripe

from core.outgoing import Answer, Caller, NoAnswerError, http_time
from integrations.shop import AccessRefusedError, ShopAwayError
from integrations.stripe import payload
from integrations.stripe.payload import Object

ADDRESS = "https://api.stripe.com"
# The version of the library: answers, and the events of endpoints that we make, have its form.
VERSION: str = stripe.api_version
PAGE_SIZE = 100  # https://docs.stripe.com/api/pagination: the most
MAX_PAGES = 10_000
STRANGE = "Stripe did not answer as its documentation says."
stripe.enable_telemetry = False  # or it writes a file into the home folder, and reports durations

# What the key's page in Stripe calls the permissions that a refusal names.
# https://docs.stripe.com/stripe-apps/reference/permissions
PERMISSIONS = {
    "rak_checkout_session_read": ("Checkout Sessions", "Read"),
    "rak_invoice_read": ("Invoices", "Read"),
    "rak_charge_read": ("Charges and Refunds", "Read"),
    "rak_dispute_read": ("Disputes", "Read"),
    "rak_event_read": ("Events", "Read"),
    "rak_coupon_write": ("Coupons", "Write"),
    "rak_promotion_code_write": ("Promotion Codes", "Write"),
    "rak_webhook_write": ("Webhook Endpoints", "Write"),
}
NAMED_PERMISSION = re.compile(r"'(rak_[a-z_]+)'")
NAMED_ACCOUNT = re.compile(r"\bacct_[A-Za-z0-9]+")


class RefusedRequestError(Exception):
    """Stripe refuses this one request (400, 404): the message is Stripe's own."""

    def __init__(self, message: str, *, code: str, status: int) -> None:
        super().__init__(message)
        self.code, self.status = code, status

    @property
    def is_about_unknown(self) -> bool:
        """Whether Stripe does not know what was asked for or named."""
        return self.status == 404 or self.code == "resource_missing"


class PermissionMissingError(AccessRefusedError):
    """The key lacks a permission. `account` is the key's account, "" if Stripe does not say it."""

    def __init__(self, message: str, *, account: str) -> None:
        super().__init__(message)
        self.account = account


class _Connection(stripe.HTTPClient):
    """The library's way to the network."""

    name = "tributary"

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller
        self.last_answer: Answer | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        content = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = self.caller.send(method.upper(), url, headers=headers, content=content)
        except NoAnswerError as error:
            raise stripe.APIConnectionError(str(error)) from None  # type: ignore[no-untyped-call]
        self.last_answer = answer
        return answer.body.decode(errors="replace"), answer.status, answer.headers

    def close(self) -> None:
        """Leave the connection to the caller's context."""


class StripeApi:
    """Calls with one key, one after another. Raises ShopAwayError and AccessRefusedError.

    Refused requests raise RefusedRequestError.
    """

    def __init__(self, key: str, caller: Caller) -> None:
        self._connection = _Connection(caller)
        self._client = stripe.StripeClient(
            key,
            stripe_version=VERSION,
            http_client=self._connection,
            base_addresses={"api": ADDRESS},
            max_network_retries=0,
        )

    def get(self, path: str, **params: Any) -> Object:
        return self._call("get", path, params)

    def post(self, path: str, **params: Any) -> Object:
        return self._call("post", path, params)

    def remove(self, path: str) -> Object:
        return self._call("delete", path, {})

    def first(self, path: str, **params: Any) -> Object | None:
        """Return the newest object of a list, None if it is empty."""
        return next(self.all(path, **params), None)

    def all(self, path: str, **params: Any) -> Iterator[Object]:
        """Return the objects of a list, page by page, as Stripe sorts them: newest first.

        A list of what belongs to an object that Stripe does not know is empty.
        """
        after: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            try:
                page = self.get(path, limit=PAGE_SIZE, **params, **after)
            except RefusedRequestError as error:
                if error.is_about_unknown:
                    return
                raise
            found = _data(page)
            yield from found
            if page.get("has_more") is not True or not found:
                return
            after = {"starting_after": str(found[-1].get("id"))}

    def clock_ahead(self, now: float) -> float | None:
        """Return by how many seconds Stripe's clock is ahead of `now`, by the last answer."""
        answer = self._connection.last_answer
        theirs = http_time(answer.headers.get("date", "")) if answer is not None else None
        return theirs.timestamp() - now if theirs is not None else None

    def _call(self, method: str, path: str, params: Mapping[str, Any]) -> Object:
        try:
            with _said_plainly():
                answer = self._client.raw_request(method, path, **params)
        except (AttributeError, KeyError, TypeError, ValueError):  # an error of another form
            raise ShopAwayError(STRANGE) from None
        if not isinstance(answer.data, Mapping):
            raise ShopAwayError(STRANGE)
        return answer.data


def _data(page: Object) -> Sequence[Object]:
    found = page.get("data")
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise ShopAwayError(STRANGE)
    return found


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn the library's exceptions into ours, with sentences for staff."""
    try:
        yield
    except stripe.AuthenticationError as error:
        raise AccessRefusedError(_about_key(error)) from None
    except stripe.PermissionError as error:
        said = error.user_message or ""
        account = NAMED_ACCOUNT.search(said)
        raise PermissionMissingError(
            _about_permission(said), account=account[0] if account else ""
        ) from None
    except stripe.RateLimitError as error:
        raise ShopAwayError(
            "Stripe receives too many requests of this account at the moment.",
            retry_after=_seconds(error.headers),
        ) from None
    except stripe.InvalidRequestError as error:
        raise RefusedRequestError(
            error.user_message or "Stripe refused the request.",
            code=error.code or "",
            status=error.http_status or 400,
        ) from None
    except stripe.APIConnectionError as error:
        raise ShopAwayError(f"Stripe was called, but it {error.user_message}.") from None
    except stripe.StripeError as error:
        status = error.http_status
        said = f"with status {status}" if status and status >= 300 else "with no valid JSON"
        retry_after = _seconds(error.headers)
        raise ShopAwayError(f"Stripe answered {said}.", retry_after=retry_after) from None


def _about_key(error: stripe.AuthenticationError) -> str:
    body = error.json_body if isinstance(error.json_body, Mapping) else {}
    if payload.text(payload.part(body, "error"), "code") == "api_key_expired":
        return "The key has expired. Make a new restricted key in Stripe and paste it here."
    return (
        "Stripe does not know this key, or it was deleted. Make a new restricted key in Stripe and"
        " paste it here."
    )


def _about_permission(said: str) -> str:
    names = [PERMISSIONS.get(slug) or _spelled(slug) for slug in NAMED_PERMISSION.findall(said)]
    if not names:
        return "The key lacks a permission. Compare its permissions with the list on this page."
    wanted = " and ".join(f"“{resource}” to “{level}”" for resource, level in names)
    return f"The key lacks a permission. Edit it in Stripe and set {wanted}."


def _spelled(slug: str) -> tuple[str, str]:
    """rak_payment_intent_read is what the page in Stripe calls Payment Intents, Read."""
    for ours, names in PERMISSIONS.items():
        if ours.rpartition("_")[0] == slug.rpartition("_")[0]:
            return names[0], slug.rpartition("_")[2].capitalize()
    resource, _, level = slug.removeprefix("rak_").rpartition("_")
    return resource.replace("_", " ").title(), level.capitalize()


def _seconds(headers: Mapping[str, str] | None) -> float | None:
    """Return the seconds of Retry-After, None where it says none."""
    found = (headers or {}).get("retry-after", "")
    return float(found) if re.fullmatch(r"[0-9]{1,6}", found) else None
