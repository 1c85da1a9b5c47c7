"""A server in the place of api.stripe.com: one account, with the checks that Stripe makes.

Key and its permissions, version, form encoding, idempotency keys, pages, unknown parameters and
objects. It sends signed events to the endpoints that were made in it.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import httpx
from stripe import WebhookSignature

from integrations.stripe.api import PERMISSIONS, VERSION
from tests.integrations.stand_in import Reply, Sent, StandIn
from tests.integrations.stripe.objects import BEGUN, JSON, event, item, session

ACCOUNT = "acct_1StandIn"
KEY = "rk_live_standinkey0001"
WANTED = frozenset(PERMISSIONS)

# The permission for a path, without _read and _write; the filters that its list takes.
LISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "checkout/sessions": (
        "checkout_session",
        ("payment_intent", "subscription", "status", "created"),
    ),
    "invoices": ("invoice", ("status", "created")),
    "invoice_payments": ("invoice", ("invoice", "payment")),
    "refunds": ("charge", ("payment_intent", "created")),
    "disputes": ("dispute", ("payment_intent", "created")),
    "events": ("event", ("types", "created")),
    "coupons": ("coupon", ()),
    "promotion_codes": ("promotion_code", ("coupon", "code")),
    "webhook_endpoints": ("webhook", ()),
}
CREATED: Mapping[str, tuple[str, tuple[str, ...]]] = {  # what a POST takes, and must have
    "coupons": (
        "coupon",
        ("percent_off", "duration", "id", "name", "metadata"),
    ),
    "promotion_codes": ("promotion_code", ("promotion", "code", "metadata")),
    "webhook_endpoints": (
        "webhook_endpoint",
        ("url", "enabled_events", "api_version", "description", "metadata"),
    ),
}
MADE_WITH = {
    "coupons": ("percent_off",),
    "promotion_codes": ("promotion",),
    "webhook_endpoints": ("url", "enabled_events"),
}


class Refusal(Exception):  # noqa: N818 - it is an answer
    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        error = {"type": "invalid_request_error", "message": message, **more}
        self.reply = Reply.of({"error": error}, status=status, request_id="req_standin")


class StripeStandIn(StandIn):
    """`stored` has the objects by the path of their list, the oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.permissions: dict[str, frozenset[str]] = {KEY: WANTED}
        self.expired: set[str] = set()
        self.stored: dict[str, list[JSON]] = {path: [] for path in LISTS}
        self.items: dict[str, list[JSON]] = {}  # of checkout sessions, by their id
        self.secrets: dict[str, str] = {}  # of webhook endpoints, by their id
        self.answered: dict[str, tuple[str, bytes, Reply]] = {}  # by idempotency key
        self.numbers = itertools.count(1)

    @property
    def led_here(self) -> dict[str, str]:
        """The setting STAND_INS for it."""
        return {"api.stripe.com": f"127.0.0.1:{self.port}"}

    def answer(self, sent: Sent) -> Reply:
        try:
            key = self._checked_key(sent)
            if sent.method != "POST":
                return Reply.of(self._answered(sent, key), request_id="req_standin")
            return self._once(sent, lambda: self._answered(sent, key))
        except Refusal as refusal:
            return refusal.reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        handler = super()._handler()
        handler.disable_nagle_algorithm = True  # or the body waits 40 ms after the headers
        return handler

    # What the tests do in place of people

    def sell(self, number: int = 1, *, code: str = "", items: int = 1, **more: Any) -> JSON:
        """Complete a checkout; return its event. `code` has to be a promotion code's text."""
        if code:
            found = next(one for one in self.stored["promotion_codes"] if one["code"] == code)
            found["times_redeemed"] += 1
            coupon = found["promotion"]["coupon"]
            more = {"discounts": [{"coupon": coupon, "promotion_code": found["id"]}], **more}
        sold = session(number, **more)
        self.stored["checkout/sessions"].append(sold)
        share = sold["amount_total"] // items
        amounts = {"amount_subtotal": share, "amount_total": share}
        self.items[sold["id"]] = [item(n, **amounts) for n in range(1, items + 1)]
        return self.happen("checkout.session.completed", sold)

    def happen(self, topic: str, found: JSON, *, created: int = BEGUN) -> JSON:
        """Keep an event of an object as it is now, and return it."""
        made = event(topic, json.loads(json.dumps(found)), created=created)
        self.stored["events"].append(made)
        return made

    def deliver(self, made: JSON, *, now: float | None = None) -> list[int]:
        """Send an event to each endpoint that is enabled and wants it; return the statuses."""
        body = json.dumps(made)
        statuses = []
        for endpoint in self.stored["webhook_endpoints"]:
            if endpoint["status"] != "enabled" or made["type"] not in endpoint["enabled_events"]:
                continue
            signed_at = int(time.time() if now is None else now)
            secret = self.secrets[endpoint["id"]]
            signed = WebhookSignature.generate_signature_header(body, secret, signed_at)
            headers = {"content-type": "application/json", "stripe-signature": signed}
            statuses.append(httpx.post(endpoint["url"], content=body, headers=headers).status_code)
        return statuses

    # What Stripe checks

    def _checked_key(self, sent: Sent) -> str:
        scheme, _, key = sent.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise Refusal(401, "You did not provide an API key.")
        if key in self.expired:
            raise Refusal(401, f"Expired API Key provided: {key[:8]}***", code="api_key_expired")
        if key not in self.permissions:
            raise Refusal(401, f"Invalid API Key provided: {key[:8]}***")
        if sent.headers.get("stripe-version") != VERSION:
            raise Refusal(400, "Invalid Stripe API version.")
        return key

    def _once(self, sent: Sent, act: Callable[[], Any]) -> Reply:
        if sent.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refusal(400, "The content type has to be application/x-www-form-urlencoded.")
        key = sent.headers.get("idempotency-key", "")
        if not key:
            raise Refusal(400, "The stand-in wants an Idempotency-Key with each POST.")
        if key in self.answered:
            path, body, reply = self.answered[key]
            if (path, body) != (sent.path, sent.body):
                said = "Keys for idempotent requests can only be used with the same parameters."
                raise Refusal(400, said, type="idempotency_error")
            return reply
        reply = Reply.of(act(), request_id="req_standin")
        self.answered[key] = (sent.path, sent.body, reply)
        return reply

    def _permit(self, key: str, name: str, level: str) -> None:
        has = self.permissions[key]
        if f"rak_{name}_write" not in has and f"rak_{name}_{level}" not in has:
            raise Refusal(
                403,
                f"The provided key '{key[:8]}***' does not have the required permissions for this"
                f" endpoint on account '{ACCOUNT}'. Having the 'rak_{name}_{level}' permission"
                " would allow this request to continue.",
            )

    def _answered(self, sent: Sent, key: str) -> Any:
        given = _nested(sent.body.decode()) if sent.method == "POST" else _query(sent)
        path = sent.path.removeprefix("/v1/")
        if path == "account":
            self._permit(key, "accounts_kyc_basic", "read")
            return {"id": ACCOUNT, "object": "account"}
        if path.endswith("/line_items"):
            self._permit(key, "checkout_session", "read")
            return _page(self._items_of(path.split("/")[2]), given, filters=())
        place, _, own_id = (path, "", "") if path in LISTS else path.rpartition("/")
        if place not in LISTS:
            raise Refusal(404, f"Unrecognized request URL ({sent.method}: {sent.path}).")
        name, filters = LISTS[place]
        self._permit(key, name, "read" if sent.method == "GET" else "write")
        if sent.method == "GET" and not own_id:
            return self._listed(place, given, filters)
        if sent.method == "GET":
            return self._expanded(self._found(place, own_id), given.get("expand", []))
        if sent.method == "DELETE":
            found = self._found(place, own_id)
            self.stored[place].remove(found)
            return {"id": own_id, "object": found["object"], "deleted": True}
        return self._change(place, own_id, given) if own_id else self._make(place, given)

    def _items_of(self, session_id: str) -> list[JSON]:
        self._found("checkout/sessions", session_id)
        return self.items.get(session_id, [])[::-1]  # Stripe lists the first of them first

    def _found(self, place: str, own_id: str) -> JSON:
        for one in self.stored[place]:
            if one["id"] == own_id:
                return one
        raise Refusal(404, f"No such object: '{own_id}'", code="resource_missing", param="id")

    def _listed(self, place: str, given: JSON, filters: tuple[str, ...]) -> JSON:
        expand = given.pop("expand", [])
        if place == "promotion_codes" and "coupon" in given:
            self._coupon(given["coupon"])
        listed = _page(self.stored[place], given, filters=filters)
        inner = [name.removeprefix("data.") for name in expand]
        return {**listed, "data": [self._expanded(one, inner) for one in listed["data"]]}

    def _expanded(self, found: JSON, expand: list[str]) -> JSON:
        if "invoice" in expand:
            return {**found, "invoice": self._found("invoices", found["invoice"])}
        if "discounts.promotion_code" in expand:
            return {**found, "discounts": [self._discount(one) for one in found["discounts"]]}
        return found

    def _discount(self, own_id: str) -> JSON:
        """An invoice names its discounts by id: di_1 is the use of promo_1."""
        code = self._found("promotion_codes", own_id.replace("di_", "promo_"))
        return {"id": own_id, "object": "discount", "promotion_code": code}

    def _coupon(self, own_id: str) -> None:
        try:
            self._found("coupons", own_id)
        except Refusal:
            said = f"No such coupon: '{own_id}'"
            raise Refusal(400, said, code="resource_missing", param="coupon") from None

    def _make(self, place: str, given: JSON) -> JSON:
        kind, known = CREATED[place]
        _refuse_unknown(given, known)
        for name in MADE_WITH[place]:
            if name not in given:
                said = f"Missing required param: {name}."
                raise Refusal(400, said, code="parameter_missing", param=name)
        number = next(self.numbers)
        made = {"id": f"{kind}_{number}", "object": kind, "created": BEGUN, **given}
        answer = dict(made)
        if place == "promotion_codes":
            self._coupon(given["promotion"]["coupon"])
            self._refuse_twice(given["code"])
            answer = made = {**made, "active": True, "times_redeemed": 0}
        elif place == "coupons" and any(one["id"] == made["id"] for one in self.stored[place]):
            raise Refusal(400, "Coupon already exists.", code="resource_already_exists")
        elif place == "webhook_endpoints":
            made = {**made, "status": "enabled"}
            self.secrets[made["id"]] = f"whsec_standinsecret{number}"
            answer = {**made, "secret": self.secrets[made["id"]]}  # this once
        self.stored[place].append(made)
        return answer

    def _change(self, place: str, own_id: str, given: JSON) -> JSON:
        found = self._found(place, own_id)
        if place == "promotion_codes":
            _refuse_unknown(given, ("active",))
            if _truth(given["active"]) and not found["active"]:
                self._refuse_twice(found["code"])
            found["active"] = _truth(given["active"])
        else:
            _refuse_unknown(given, ("disabled", "enabled_events"))
            found["status"] = "disabled" if _truth(given["disabled"]) else "enabled"
            found["enabled_events"] = given["enabled_events"]
        return found

    def _refuse_twice(self, code: str) -> None:
        for one in self.stored["promotion_codes"]:
            if one["active"] and one["code"].upper() == code.upper():
                said = f"An active promotion code with `code: {code}` already exists."
                raise Refusal(400, said)


def _page(stored: list[JSON], given: JSON, *, filters: tuple[str, ...]) -> JSON:
    """Return a page of a list, the newest first."""
    _refuse_unknown(given, ("limit", "starting_after", *filters))
    limit = int(given.pop("limit", 10))
    if not 1 <= limit <= 100:
        raise Refusal(400, "Limit has to be from 1 to 100.")
    after = given.pop("starting_after", None)
    found = [one for one in stored if all(_fits(one, *wanted) for wanted in given.items())]
    found.sort(key=lambda one: int(one.get("created", BEGUN)))
    found.reverse()
    ids = [one["id"] for one in found]
    if after is not None and after not in ids:
        raise Refusal(400, f"No such object: '{after}'", param="starting_after")
    begin = ids.index(after) + 1 if after is not None else 0
    rest = found[begin:]
    return {"object": "list", "data": rest[:limit], "has_more": len(rest) > limit}


def _fits(found: JSON, name: str, wanted: Any) -> bool:
    if name == "created":
        earliest, end = int(wanted["gte"]), int(wanted.get("lt", 10**12))
        return earliest <= int(found["created"]) < end
    if name == "types":
        return found["type"] in wanted
    if name == "coupon":
        return bool(found["promotion"]["coupon"] == wanted)
    return bool(found.get(name) == wanted)


def _refuse_unknown(given: JSON, known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise Refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown")


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise Refusal(400, f"Invalid boolean: {text}")
    return text == "true"


def _query(sent: Sent) -> JSON:
    return _tree({name: values[0] for name, values in sent.query.items()})


def _nested(form: str) -> JSON:
    return _tree({k: values[0] for k, values in parse_qs(form, keep_blank_values=True).items()})


def _tree(flat: Mapping[str, str]) -> JSON:
    """Turn `a[b]=1`, `c[0]=2` into {"a": {"b": "1"}, "c": ["2"]}."""
    tree: JSON = {}
    for name, value in flat.items():
        place, *inner = name.replace("]", "").split("[")
        if not inner:
            tree[place] = value
        elif inner[0].isdigit():
            tree.setdefault(place, []).append(value)
        else:
            tree.setdefault(place, {})[inner[0]] = value
    return tree
