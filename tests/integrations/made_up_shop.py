"""A small shop that exists in tests alone: its deliveries are JSON, signed with HMAC-SHA256.

The body is {"topic", "id", "at", "order", "refunds", …}: the order and the refunds are in the words
of our API. What the store "has" is in `STORES`, so that its client can fetch it and fail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.outgoing import seconds_left
from integrations.shop import (
    WEBHOOK_SECRET,
    AccessRefusedError,
    CredentialError,
    CredentialField,
    Delivery,
    Discount,
    Finding,
    NotUnderstoodError,
    PrivacyKind,
    PrivacyRequest,
    RawDelivery,
    ShopClient,
    ShopCode,
    Statements,
)

KIND = "made_up"
SIGNATURE = "x-made-up-signature"
TOPICS = {"order", "refund", "removed", "privacy", "nothing", "away", "defect"}


@dataclass
class Store:
    """What a store has, who may ask for it, and what it was told."""

    token: str = "right"
    orders: list[dict[str, Any]] = field(default_factory=list)  # bodies, what changed first first
    webhooks: dict[str, str] = field(default_factory=dict)  # secrets by address
    failure: Exception | None = None  # raised by every call
    seconds_left: float = math.inf  # of the last call, for it and those after it
    asked_since: list[datetime] = field(default_factory=list)
    # By the name of their discount, and their own.
    codes: dict[str, dict[str, ShopCode]] = field(default_factory=dict)
    calls: list[tuple[str, list[str]]] = field(default_factory=list)  # that changed codes
    findings: tuple[Finding, ...] = (Finding("Orders can be read", is_ok=True),)


STORES: dict[str, Store] = {}


def store_of(name: str) -> Store:
    return STORES.setdefault(name, Store())


@dataclass
class MadeUpClient:
    store: Store
    token: str
    secret: str

    def _ask(self) -> None:
        self.store.seconds_left = seconds_left()
        if self.store.failure is not None:
            raise self.store.failure
        if self.token != self.store.token:
            raise AccessRefusedError("The shop refuses the token. Enter a new one.")

    def check(self) -> tuple[Finding, ...]:
        self._ask()
        return self.store.findings

    def subscribe(self, address: str) -> tuple[Finding, ...]:
        self._ask()
        self.store.webhooks[address] = self.secret
        return (Finding("Webhooks", is_ok=True),)

    def unsubscribe(self, address: str) -> None:
        self._ask()
        self.store.webhooks.pop(address, None)

    def changed_since(self, moment: datetime) -> Iterator[RawDelivery]:
        self._ask()
        self.store.asked_since.append(moment)
        for body in self.store.orders:
            if datetime.fromisoformat(body["at"]) >= moment:
                yield RawDelivery({"X-Made-Up-Topic": "order"}, json.dumps(body).encode())

    def codes(self, discount: Discount) -> Iterator[ShopCode]:
        self._ask()
        return iter(list(self.store.codes.get(discount.name, {}).values()))

    def make_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        self._ask()
        self.store.calls.append(("make", sorted(codes)))
        there = self.store.codes.setdefault(discount.name, {})
        elsewhere = {
            code
            for name, listed in self.store.codes.items()
            for code, one in listed.items()
            if name != discount.name and one.is_active
        }
        for code in codes:
            if code not in elsewhere:
                there[code] = ShopCode(code, True, f"id-{code}", 0)
        return {code: f"Another discount has {code}." for code in codes if code in elsewhere}

    def end_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        self._ask()
        self.store.calls.append(("end", sorted(codes)))
        there = self.store.codes.get(discount.name, {})
        for code in codes:
            if code in there:
                there[code] = replace(there[code], is_active=False)
        return {}


class MadeUpShop:
    """See the module."""

    kind = KIND
    name = "Made-up shop"
    fields: tuple[CredentialField, ...] = (
        CredentialField("store", "Address", "Where the shop is"),
        CredentialField("token", "Token", "From the shop's settings", is_secret=True),
    )

    def clean(self, entered: Mapping[str, str]) -> dict[str, str]:
        store = entered.get("store", "").strip().lower().removeprefix("https://").rstrip("/")
        if not store:
            raise CredentialError("store", "Enter the address of the shop.")
        cleaned = {"store": store, "token": entered.get("token", "").strip()}
        if entered.get(WEBHOOK_SECRET):
            cleaned[WEBHOOK_SECRET] = entered[WEBHOOK_SECRET].strip()
        return cleaned

    def store_of(self, credentials: Mapping[str, str]) -> str:
        return credentials["store"]

    def read_headers(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        read = _json(body)
        return Delivery(
            topic=headers.get("x-made-up-topic", ""),
            event_id=str(read.get("id", "")),
            store=str(read.get("store", "")),
            happened_at=datetime.fromisoformat(read["at"]) if "at" in read else None,
        )

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        return body == b"ping"

    def is_signed(
        self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime
    ) -> bool:
        given = headers.get(SIGNATURE, "").encode()
        return any(hmac.compare_digest(signature(body, one).encode(), given) for one in secrets)

    def understand(
        self, delivery: Delivery, body: bytes, *, client: ShopClient | None
    ) -> Statements:
        read = _json(body)
        if delivery.topic not in TOPICS:
            raise NotUnderstoodError(f"The topic {delivery.topic!r} is not known.")
        if delivery.topic == "away":
            assert client is not None
            client.check()
        if delivery.topic == "defect":
            raise KeyError("unheard of")
        if delivery.topic == "nothing":
            return Statements(ignored="It is about nothing that we record.")
        if delivery.topic == "privacy":
            request = PrivacyRequest(
                PrivacyKind(read["kind"]), read.get("customer", ""), tuple(read.get("orders", ()))
            )
            return Statements(privacy=(request,))
        return Statements(
            orders=(read["order"],) if "order" in read else (),
            refunds=tuple(read.get("refunds", ())),
            whole_refunds_of=tuple(read.get("whole", ())),
            is_uninstalled=delivery.topic == "removed",
        )

    def client(self, credentials: Mapping[str, str]) -> MadeUpClient:
        return MadeUpClient(
            store_of(credentials["store"]), credentials["token"], credentials[WEBHOOK_SECRET]
        )

    def test_delivery(
        self, *, order_id: str, code: str, currency: str, secret: str, now: datetime
    ) -> RawDelivery:
        order = {
            "order_id": order_id,
            "ordered_at": now.isoformat(),
            "currency": currency,
            "promo_code": code,
            "is_test": True,
            "lines": [{"sku": "TEST", "quantity": 1, "unit_price": "100.00"}],
        }
        body = json.dumps({"id": f"test-{order_id}", "order": order}).encode()
        return RawDelivery(signed(body, secret), body)


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        raise NotUnderstoodError("The body is not JSON.") from None
    if not isinstance(read, dict):
        raise NotUnderstoodError("The body is not a JSON object.")
    return read


def signature(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(body: bytes, secret: str, topic: str = "order") -> dict[str, str]:
    """The headers of a delivery."""
    return {"X-Made-Up-Topic": topic, "X-Made-Up-Signature": signature(body, secret)}
