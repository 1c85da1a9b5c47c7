"""A WooCommerce store on this machine: REST API v3, webhooks with signatures, a trash, coupons."""

from __future__ import annotations

import base64
import hmac
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

import httpx

from tests.integrations.stand_in import Reply, Sent, StandIn

KEY, SECRET = "ck_" + "1a" * 20, "cs_" + "2b" * 20
MAX_FAILURES = 5
API = "/wp-json/wc/v3"
UNUSED_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # httpx would load all certificates each time
HTML = Reply(404, b"<!DOCTYPE html><title>Page not found</title>", {"content-type": "text/html"})
CODES = {401: "woocommerce_rest_authentication_error", 403: "woocommerce_rest_cannot_view"}


def error(status: int, message: str, code: str = "") -> Reply:
    named = code or CODES.get(status, "rest_error")
    return Reply.of({"code": named, "message": message, "data": {"status": status}}, status=status)


@dataclass
class Webhook:
    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    status: str = "active"
    failures: int = 0

    def shown(self) -> dict[str, Any]:
        """As the API lists it: never with its secret."""
        names = ("id", "name", "topic", "delivery_url", "status")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Delivered:
    """What the store sent, and the status of the answer."""

    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass
class Call:
    """One request, with what its address matched."""

    sent: Sent
    ids: tuple[int, ...] = ()

    def param(self, name: str, default: str = "") -> str:
        return self.sent.query.get(name, [default])[-1]


@dataclass
class WooStore(StandIn):
    """A store. `permissions` are those of the key; None: the key was revoked."""

    permissions: str | None = "read_write"
    namespaces: tuple[str, ...] = ("wp/v2", "wc/v1", "wc/v2", "wc/v3")
    version: str = "10.9.1"
    has_api: bool = True
    has_plain_permalinks: bool = False
    is_user_allowed: bool = True
    page_limit: int = 100
    now: datetime = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    coupons: dict[int, dict[str, Any]] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    before_each: Callable[[WooStore, Sent], None] | None = None

    def __post_init__(self) -> None:
        super().__init__()
        self.ids = count(9_001)

    # What the merchant does.

    def put(self, order: Mapping[str, Any]) -> int:
        """Save an order, new or changed."""
        kept = {**deepcopy(dict(order)), "date_modified_gmt": f"{self.now:%Y-%m-%dT%H:%M:%S}"}
        self.orders[kept["id"]] = kept
        return int(kept["id"])

    def refund(self, order_id: int, refund: Mapping[str, Any]) -> None:
        self.refunds.setdefault(order_id, []).append(dict(refund))
        self.put(self.orders[order_id])

    def delete_refund(self, order_id: int, refund_id: int) -> None:
        """The order's date of change stays, as in the real store."""
        kept = [one for one in self.refunds[order_id] if one["id"] != refund_id]
        self.refunds[order_id] = kept

    def trash(self, order_id: int) -> None:
        self.put({**self.orders[order_id], "status": "trash"})

    def shown(self, order_id: int) -> dict[str, Any]:
        """The order as the API and a delivery show it, with the summary of its refunds."""
        refunds = [
            {"id": one["id"], "reason": "", "total": f"-{one['amount']}"}
            for one in self.refunds.get(order_id, [])
        ]
        return {**self.orders[order_id], "refunds": refunds}

    # What it sends.

    def send(self, topic: str, order_id: int) -> None:
        """Deliver to each active webhook of the topic, once."""
        for webhook in list(self.webhooks.values()):
            if webhook.topic == topic and webhook.status == "active":
                self._deliver(webhook, order_id)

    def _deliver(self, webhook: Webhook, order_id: int) -> None:
        shown = {"id": order_id} if webhook.topic == "order.deleted" else self.shown(order_id)
        body = Reply.of(shown).body
        resource, event = webhook.topic.split(".")
        mac = hmac.digest(webhook.secret.encode(), body, "sha256")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"WooCommerce/{self.version} Hookshot (WordPress/6.9)",
            "X-WC-Webhook-Source": f"{self.address}/",
            "X-WC-Webhook-Topic": webhook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": base64.b64encode(mac).decode(),
            "X-WC-Webhook-ID": str(webhook.id),
            "X-WC-Webhook-Delivery-ID": f"{webhook.id:x}{self.now:%H%M%S}",  # repeats in a second
        }
        status = self._post(webhook.delivery_url, headers, body)
        if 200 <= status < 303:
            webhook.failures = 0
        elif webhook.failures > MAX_FAILURES:
            webhook.status = "disabled"
        else:
            webhook.failures += 1

    def _ping(self, webhook: Webhook) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._post(webhook.delivery_url, headers, f"webhook_id={webhook.id}".encode())

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        status = 0
        with suppress(httpx.HTTPError):
            status = httpx.post(
                url,
                headers=dict(headers),
                content=body,
                timeout=5,
                trust_env=False,
                verify=UNUSED_TLS,
            ).status_code
        self.delivered.append(Delivered(headers, body, status))
        return status

    # What it answers.

    def answer(self, sent: Sent) -> Reply:
        if self.before_each is not None:
            self.before_each(self, sent)
        if sent.path in ("/wp-json", "/wp-json/") or "rest_route" in sent.query:
            is_here = self.has_api and self.has_plain_permalinks == ("rest_route" in sent.query)
            return Reply.of({"namespaces": list(self.namespaces)}) if is_here else HTML
        if not self.has_api or self.has_plain_permalinks or not sent.path.startswith(f"{API}/"):
            return HTML
        return self._refused(sent) or self._routed(sent)

    def _refused(self, sent: Sent) -> Reply | None:
        scheme, _, encoded = sent.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or self.permissions is None:
            return error(401, "Sorry, you cannot list resources.", "woocommerce_rest_cannot_view")
        key, _, secret = base64.b64decode(encoded).decode().partition(":")
        if key != KEY:
            return error(401, "Sorry, you cannot list resources.", "woocommerce_rest_cannot_view")
        if not hmac.compare_digest(secret, SECRET):
            return error(401, "Consumer secret is invalid.")
        needed = "read" if sent.method == "GET" else "write"
        if needed not in self.permissions:
            return error(401, f"The API key provided does not have {needed} permissions.")
        return None if self.is_user_allowed else error(403, "Sorry, you cannot list resources.")

    def _routed(self, sent: Sent) -> Reply:
        for method, pattern, handler in self._routes():
            found = re.fullmatch(API + pattern, sent.path)
            if found and method == sent.method:
                return handler(Call(sent, tuple(int(one) for one in found.groups())))
        return error(404, "No route was found matching the URL.", "rest_no_route")

    def _routes(self) -> tuple[tuple[str, str, Callable[[Call], Reply]], ...]:
        return (
            ("GET", "/orders", self._orders),
            ("GET", r"/orders/([0-9]+)", self._order),
            ("GET", r"/orders/([0-9]+)/refunds", self._refunds),
            ("GET", "/webhooks", lambda call: self._page(
                call, [one.shown() for one in self.webhooks.values()])),
            ("POST", "/webhooks/batch", self._webhook_batch),
            ("GET", "/coupons", self._coupons),
            ("POST", "/coupons/batch", self._coupon_batch),
            ("GET", "/system_status", lambda call: Reply.of(
                {"environment": {"version": self.version}})),
        )  # fmt: skip

    def _page(self, call: Call, found: list[dict[str, Any]]) -> Reply:
        assert call.param("orderby", "id") == "id"
        found = sorted(found, key=lambda one: one["id"], reverse=call.param("order") != "asc")
        size = int(call.param("per_page", "10"))
        if not 1 <= size <= self.page_limit:
            return error(400, "per_page must be between 1 and 100", "rest_invalid_param")
        begin = int(call.param("offset") or (int(call.param("page", "1")) - 1) * size)
        pages = str(ceil(len(found) / size))
        return Reply.of(
            found[begin : begin + size], x_wp_total=str(len(found)), x_wp_totalpages=pages
        )

    def _orders(self, call: Call) -> Reply:
        after = call.param("modified_after", "1970-01-01T00:00:00")
        # An offset is turned into the store's time zone, and then compared with UTC: the real one
        # finds the wrong orders. Ours must not send any.
        assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}", after), after
        assert call.param("dates_are_gmt") == "true" or "modified_after" not in call.sent.query
        wanted = call.param("status", "any")
        found = [
            self.shown(one["id"]) for one in self.orders.values()
            if one["date_modified_gmt"] > after
            and (one["status"] == "trash") == (wanted == "trash")
        ]  # fmt: skip
        return self._page(call, found)

    def _order(self, call: Call) -> Reply:
        if call.ids[0] not in self.orders:
            return error(404, "Invalid ID.", "woocommerce_rest_shop_order_invalid_id")
        return Reply.of(self.shown(call.ids[0]))

    def _refunds(self, call: Call) -> Reply:
        return self._page(call, self.refunds.get(call.ids[0], []))

    def _webhook_batch(self, call: Call) -> Reply:
        asked = call.sent.json()
        answer: dict[str, list[Any]] = {"create": [], "update": [], "delete": []}
        for one in asked.get("create") or []:
            webhook = Webhook(
                next(self.ids), one["name"], one["topic"], one["delivery_url"], one["secret"]
            )
            self.webhooks[webhook.id] = webhook
            self._ping(webhook)
            answer["create"].append(webhook.shown())
        for one in asked.get("update") or []:
            webhook = self.webhooks[one["id"]]
            webhook.secret = one.get("secret", webhook.secret)
            answer["update"].append(webhook.shown())
        for one in asked.get("delete") or []:
            answer["delete"].append(self.webhooks.pop(one).shown())
        return Reply.of({name: what for name, what in answer.items() if what})

    def _coupons(self, call: Call) -> Reply:
        search, code = call.param("search").lower(), call.param("code").lower()
        found = [
            one for one in self.coupons.values()
            if search in one["description"].lower() and code in ("", one["code"])
        ]  # fmt: skip
        return self._page(call, found)

    def _coupon_batch(self, call: Call) -> Reply:
        asked = call.sent.json()
        if sum(len(what) for what in asked.values()) > 100:
            return error(413, "Unable to accept more than 100 items for this request.")
        answer: dict[str, list[Any]] = {"create": [], "update": []}
        for one in asked.get("create") or []:
            answer["create"].append(self._new_coupon(one))
        for one in asked.get("update") or []:
            coupon = self.coupons[one["id"]]
            self._set(coupon, one)
            answer["update"].append(coupon)
        return Reply.of({name: what for name, what in answer.items() if what})

    def _new_coupon(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        code = asked["code"].lower()
        if any(one["code"] == code for one in self.coupons.values()):
            named = "woocommerce_rest_coupon_code_already_exists"
            return {"id": 0, "error": {"code": named, "message": "The coupon code already exists"}}
        if not code.strip():
            message = "The coupon code cannot be empty."
            return {"id": 0, "error": {"code": "woocommerce_rest_empty", "message": message}}
        coupon = {
            "id": next(self.ids), "code": code, "status": "publish", "usage_count": 0,
            "date_expires_gmt": None, "description": "", "meta_data": [],
        }  # fmt: skip
        self._set(coupon, {name: what for name, what in asked.items() if name != "code"})
        self.coupons[coupon["id"]] = coupon
        return coupon

    def _set(self, coupon: dict[str, Any], asked: Mapping[str, Any]) -> None:
        """`date_expires` alone can be set, in the store's time zone, here two hours before UTC."""
        for name, what in asked.items():
            if name == "date_expires":
                at = datetime.fromisoformat(what) - timedelta(hours=2) if what else None
                coupon["date_expires_gmt"] = at.isoformat() if at else None
            elif name == "amount":
                coupon["amount"] = f"{float(what):.2f}"
            else:
                coupon[name] = what
