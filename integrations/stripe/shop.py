"""Stripe as a kind of shop: what it asks for, how its deliveries are checked and understood."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from urllib.parse import urlencode

from integrations.shop import (
    CredentialError,
    CredentialField,
    Delivery,
    RawDelivery,
    ShopAwayError,
    ShopClient,
    Statements,
)
from integrations.stripe import mapping, payload, refunds, signature
from integrations.stripe.api import PERMISSIONS, VERSION
from integrations.stripe.client import Payment, StripeShopClient
from integrations.stripe.mapping import StripeEvent
from integrations.stripe.payload import Object

# Opens Stripe's page for a new restricted key with these permissions chosen.
NEW_KEY_ADDRESS = "https://dashboard.stripe.com/apikeys/create?" + urlencode(
    [("name", "Tributary"), *(("permissions[]", slug) for slug in PERMISSIONS)]
)
ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{6,40}")
KEY = re.compile(r"rk_(live|test)_[A-Za-z0-9_]{10,250}")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{10,250}")
# Spaces, also those that can't be seen, and quotes.
PASTED_AROUND = re.compile("[\\s\u200b-\u200f\u2060\ufeff\"'`\u201c\u201d\u2018\u2019]+")
NEEDS = ", ".join(f"{resource} ({level})" for resource, level in PERMISSIONS.values())
TEST_AMOUNT = 100  # in whole units of the currency


class Books(Protocol):
    """What has to be asked of Stripe to understand an event."""

    def line_items(self, session_id: str) -> list[Object]: ...

    def promotion_codes(self, ids: Sequence[str]) -> dict[str, str]: ...

    def invoice_discounts(self, invoice_id: str) -> list[Object]: ...

    def has_session(self, subscription_id: str) -> bool: ...

    def payment(self, payment_intent: str) -> Payment | None: ...


@dataclass
class StripeShop:
    """Accounts of Stripe that sell with Checkout, payment links or subscriptions."""

    kind: str = "stripe"
    name: str = "Stripe"
    reads_while_understanding: bool = True
    fields: tuple[CredentialField, ...] = (
        CredentialField(
            "account",
            "Account ID",
            "In the Stripe Dashboard: Settings → Account details. It begins with acct_.",
            placeholder="acct_…",
        ),
        CredentialField(
            "key",
            "Restricted key",
            "In the Stripe Dashboard: Developers → API keys → Create restricted key, with these"
            f" permissions: {NEEDS}. It begins with rk_live_, or rk_test_ for a trial.",
            is_secret=True,
            placeholder="rk_live_…",
        ),
        CredentialField(
            "webhook_secret",
            "Signing secret",
            "Leave it empty: we make the webhook endpoint. If you made it in Stripe, with our"
            " address, copy its signing secret from there. It begins with whsec_.",
            is_secret=True,
            placeholder="whsec_…",
        ),
    )

    def clean(self, entered: Mapping[str, str]) -> dict[str, str]:
        """Return the credentials without what people paste around them. Raises CredentialError."""
        given = {one.name: PASTED_AROUND.sub("", entered.get(one.name, "")) for one in self.fields}
        account = ACCOUNT.search(given["account"])  # also inside an address of the Dashboard
        if account is None:
            raise CredentialError("account", "An account ID begins with acct_.")
        _check_key(given["key"])
        if given["webhook_secret"] and not SECRET.fullmatch(given["webhook_secret"]):
            raise CredentialError("webhook_secret", "A signing secret begins with whsec_.")
        return {**given, "account": account[0]}

    def store_of(self, credentials: Mapping[str, str]) -> str:
        """Return the account's id."""
        return credentials["account"]

    def client(self, credentials: Mapping[str, str]) -> StripeShopClient:
        return StripeShopClient(
            key=credentials["key"],
            account=credentials["account"],
            webhook_secret=credentials.get("webhook_secret", ""),
        )

    def read_headers(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Stripe says in the body what other shops say in headers. Raises NotUnderstoodError."""
        event = mapping.read_event(body)
        return Delivery(event.topic, event.id, event.account, event.created_at)

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Stripe sends none."""
        return False

    def is_signed(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secrets: Sequence[str],
        now: datetime,
    ) -> bool:
        header = headers.get(signature.HEADER, "")
        return signature.is_signed(header, body, secrets=secrets, now=now)

    def understand(
        self, delivery: Delivery, body: bytes, *, client: ShopClient | None
    ) -> Statements:
        """Map an event, after asking Stripe for what it leaves out. See mapping and refunds."""
        event, books = mapping.read_event(body), cast("Books | None", client)
        if event.topic in mapping.CHECKOUT_TOPICS:
            return _understand_session(event, books)
        if event.topic == mapping.INVOICE_PAID:
            return _understand_invoice(event, books)
        if event.topic in refunds.TOPICS:
            return _understand_refunds(event, books)
        if event.topic == mapping.CHECKOUT_EXPIRED:
            return Statements(ignored="This checkout expired: nothing was sold.")
        return Statements(ignored=f"{event.topic} says nothing of an order.")

    def test_delivery(
        self, *, order_id: str, code: str, currency: str, secret: str, now: datetime
    ) -> RawDelivery:
        """Return a signed checkout of 100.00 in test mode, with all that would be asked for."""
        event = _test_event(order_id=order_id, code=code, currency=currency, now=now)
        body = json.dumps(event).encode()
        signed = signature.sign(body, secret=secret, now=now)
        return RawDelivery({"content-type": "application/json", signature.HEADER: signed}, body)


def _check_key(key: str) -> None:
    if KEY.fullmatch(key):
        return
    if key.startswith("sk_"):
        said = "This is a secret key, which may do everything. Make a restricted key: rk_…"
    elif key.startswith("pk_"):
        said = "This is the publishable key. Make a restricted key: rk_…"
    elif key.startswith("whsec_"):
        said = "This is a signing secret. Make a restricted key: rk_…"
    else:
        said = "A restricted key begins with rk_live_ or rk_test_."
    raise CredentialError("key", said)


def _asked(books: Books | None) -> Books:
    if books is None:
        raise ShopAwayError("Stripe has to be asked about this event, and can't be at the moment.")
    return books


def _understand_session(event: StripeEvent, books: Books | None) -> Statements:
    session = event.object
    wanted = mapping.unknown_codes(payload.listed(session, "discounts"))
    codes = _asked(books).promotion_codes(wanted) if wanted else {}
    items = payload.listed(session, "line_items")
    if not items and books is not None and payload.text(session, "mode") != "setup":
        items = books.line_items(payload.own_id(session))
    return mapping.session_order(event, codes=codes, items=items)


def _understand_invoice(event: StripeEvent, books: Books | None) -> Statements:
    invoice = event.object
    subscription = mapping.subscription_of(invoice)
    is_first = payload.text(invoice, "billing_reason") == mapping.FIRST_INVOICE
    is_of_session = bool(subscription) and is_first and _asked(books).has_session(subscription)
    if subscription and not is_of_session and invoice.get("discounts"):
        discounts = _asked(books).invoice_discounts(payload.own_id(invoice))
        event = mapping.with_discounts(event, discounts)
    return mapping.invoice_order(event, codes={}, is_of_session=is_of_session)


def _understand_refunds(event: StripeEvent, books: Books | None) -> Statements:
    payment_intent = payload.reference(event.object, "payment_intent")
    if not payment_intent:
        return Statements(ignored="This payment was made without a checkout or a subscription.")
    payment = _asked(books).payment(payment_intent)
    if payment is None:
        return Statements(ignored="This payment was made without a checkout or a subscription.")
    return refunds.refunds_of(payment.sale, refunds=payment.refunds, disputes=payment.disputes)


def _test_event(*, order_id: str, code: str, currency: str, now: datetime) -> dict[str, object]:
    total, created = TEST_AMOUNT * 10 ** payload.decimals(currency.upper()), int(now.timestamp())
    item = {
        "id": "li_test", "object": "item", "description": "Test order", "quantity": 1,
        "amount_subtotal": total, "amount_discount": 0, "amount_tax": 0, "amount_total": total,
        "price": {"id": "price_test", "object": "price", "product": "prod_test"},
    }  # fmt: skip
    session = {
        "id": f"cs_test_{order_id}", "object": "checkout.session", "mode": "payment",
        "created": created, "livemode": False, "currency": currency.lower(),
        "payment_intent": order_id, "payment_status": "paid", "status": "complete",
        "amount_subtotal": total, "amount_total": total, "client_reference_id": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "discounts": [{"coupon": None, "promotion_code": {"id": "promo_test", "code": code}}],
        "line_items": {"object": "list", "has_more": False, "data": [item]},
    }  # fmt: skip
    return {
        "id": f"evt_test_{order_id}", "object": "event", "api_version": VERSION,
        "type": mapping.CHECKOUT_COMPLETED, "created": created, "livemode": False,
        "data": {"object": session},
    }  # fmt: skip
