"""Ask the GraphQL Admin API: token, points, waiting, and what its errors mean.

Shopify counts points, not requests: every answer says how many are left and how fast they come
back. The client waits for them, up to a bound for each question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from core.outgoing import Answer, Caller, NoAnswerError, http_time, seconds_left
from integrations.shop import AccessRefusedError, ShopAwayError
from integrations.shopify.queries import VERSION, Query
from integrations.shopify.tokens import NoStoreError, TokenSource

MAX_WAIT_SECONDS = 30.0  # for one question, all its tries together
PAUSES_SECONDS = (1.0, 3.0)  # before a question is asked again after a fault
MAX_TRIES = 10
MARGIN_SECONDS = 0.1  # so that a point that is not quite back does not cost a try
SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
MAX_SAID = 200  # characters of a message of Shopify's that are shown

REFUSED = "Shopify no longer accepts our access. Enter the app's credentials again."
STATUSES = {
    402: "The store is frozen: Shopify waits until its bill is paid.",
    423: "The store is locked by Shopify. Ask Shopify's support.",
}


class TooCostlyError(ShopAwayError):
    """One question asks for more points than any may. Ask for less at once."""

    def __init__(self) -> None:
        super().__init__("Shopify refused a request that asks for too much at once.")


class QuestionRefusedError(ShopAwayError):
    """Shopify does not understand the question. `said` is its own message."""

    def __init__(self, said: str) -> None:
        super().__init__(f"Shopify refused a request: {said[:MAX_SAID]}")
        self.said = said


class AdminApi:
    """Asks one store. For one thread; the caller closes `caller`."""

    def __init__(
        self,
        base: str,
        tokens: TokenSource,
        caller: Caller,
        *,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self.base, self.tokens, self.caller = base, tokens, caller
        self.sleep, self.clock = sleep, clock
        self.seconds_ahead: float | None = None  # of Shopify's clock, by its last answer
        self._points: tuple[float, float, float] | None = None  # left, back per second, when
        self._costs: dict[str, float] = {}  # by operation, as last asked

    def ask(self, query: Query, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return the data of an answer.

        Raises ShopAwayError, TooCostlyError among them, and AccessRefusedError.
        """
        waited = self._wait(self._missing(query), 0.0)
        has_renewed = False
        faults = 0
        for _ in range(MAX_TRIES):
            try:
                answer = self._send(query, variables or {})
            except ShopAwayError:
                if query.is_change or faults == len(PAUSES_SECONDS):
                    raise
                waited = self._wait(PAUSES_SECONDS[faults], waited)
                faults += 1
                continue
            if answer.status == 401:
                if has_renewed or not self.tokens.renew():
                    raise AccessRefusedError(REFUSED)
                has_renewed = True
                continue
            if answer.status == 429:
                waited = self._wait(_retry_after(answer), waited)
                continue
            said = self._said(answer)
            self._count(query, said)
            pause = self._throttled(query, said)
            if pause is None:
                return _data(said)
            waited = self._wait(pause, waited)
        raise ShopAwayError("Shopify does not let us ask at the moment.", retry_after=60.0)

    def _send(self, query: Query, variables: Mapping[str, Any]) -> Answer:
        headers = {"X-Shopify-Access-Token": self.tokens.token(self.caller, self.base)}
        body = {"query": query.text, "variables": dict(variables), "operationName": query.name}
        try:
            answer = self.caller.send(
                "POST", f"{self.base}/admin/api/{VERSION}/graphql.json", headers=headers, json=body
            )
        except NoAnswerError as error:
            raise ShopAwayError(f"The store {error}.") from None
        self._compare_clocks(answer)
        if answer.status >= 500:
            raise ShopAwayError(f"Shopify is out of order: it answered {answer.status}.")
        return answer

    def _compare_clocks(self, answer: Answer) -> None:
        theirs = http_time(answer.headers.get("date", ""))
        if theirs is not None:
            self.seconds_ahead = (theirs - datetime.now(UTC)).total_seconds()

    def _said(self, answer: Answer) -> Mapping[str, Any]:
        if answer.status == 404:
            raise NoStoreError
        if 300 <= answer.status < 400:
            message = "The store has moved to another address. Enter its new one."
            raise AccessRefusedError(message)
        if answer.status == 403:
            raise AccessRefusedError("Shopify denies access. See that the app is installed.")
        if answer.status != 200:
            unknown = f"Shopify answered {answer.status}."
            raise ShopAwayError(STATUSES.get(answer.status, unknown))
        try:
            said = answer.json()
        except NoAnswerError:
            said = None
        if not isinstance(said, Mapping):
            raise ShopAwayError("The store did not answer with JSON.")
        return said

    def _count(self, query: Query, said: Mapping[str, Any]) -> None:
        cost = _inside(said, "extensions", "cost")
        asked = cost.get("requestedQueryCost")
        if _is_number(asked):
            self._costs[query.name] = float(asked)
        status = _inside(cost, "throttleStatus")
        left, back = status.get("currentlyAvailable"), status.get("restoreRate")
        if _is_number(left) and _is_number(back) and back > 0:
            self._points = (float(left), float(back), self.clock())

    def _missing(self, query: Query) -> float:
        """Return the seconds until there are as many points as the question cost last time."""
        if self._points is None:
            return 0.0
        left, back, when = self._points
        now_left = left + (self.clock() - when) * back
        missing = self._costs.get(query.name, 0.0) - now_left
        return missing / back + MARGIN_SECONDS if missing > 0 else 0.0

    def _throttled(self, query: Query, said: Mapping[str, Any]) -> float | None:
        """Return the seconds to wait, None if the question was answered."""
        if "THROTTLED" not in _codes(said):
            return None
        return max(self._missing(query), 1.0)

    def _wait(self, seconds: float, waited: float) -> float:
        """Wait, within the bound of a question; return how long it has waited in all."""
        if waited + seconds > MAX_WAIT_SECONDS or seconds > seconds_left():
            message = "Shopify limits how much we may ask at a time."
            raise ShopAwayError(message, retry_after=seconds)
        if seconds > 0:
            self.sleep(seconds)
        return waited + seconds


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _inside(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        found = value.get(name)
        value = found if isinstance(found, Mapping) else {}
    return value


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "").strip()
    return min(float(text), 3_600.0) if SECONDS.fullmatch(text) else 2.0


def _errors(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return code and message of each error; some come as one text."""
    found = said.get("errors")
    if isinstance(found, str):
        return [("", found)]
    errors = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    return [
        (str(_inside(one, "extensions").get("code") or ""), str(one.get("message") or ""))
        for one in errors
    ]


def _codes(said: Mapping[str, Any]) -> set[str]:
    known = {code for code, _ in _errors(said)}
    # Some answers have the message alone.
    return known | {"THROTTLED" for _, text in _errors(said) if text == "Throttled"}


def _data(said: Mapping[str, Any]) -> Mapping[str, Any]:
    errors, codes = _errors(said), _codes(said)
    messages = "; ".join(message for _, message in errors)
    if "MAX_COST_EXCEEDED" in codes:
        raise TooCostlyError
    if "ACCESS_DENIED" in codes:
        raise AccessRefusedError(
            f"The app lacks a permission in Shopify: {messages[:MAX_SAID]} Add the scope to the"
            " app's version, and install it again."
        )
    if "SHOP_INACTIVE" in codes:
        raise ShopAwayError("The store is not active.")
    if "INTERNAL_SERVER_ERROR" in codes:
        raise ShopAwayError("Shopify is out of order.")
    data = said.get("data")
    if errors or not isinstance(data, Mapping):
        raise QuestionRefusedError(messages or json.dumps(list(said))[:MAX_SAID])
    return data
