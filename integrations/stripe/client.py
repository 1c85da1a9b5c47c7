"""Talks to one account of Stripe with a restricted key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from core.outgoing import Caller
from integrations.shop import (
    Discount,
    Finding,
    NotUnderstoodError,
    RawDelivery,
    ShopAwayError,
    ShopCode,
)
from integrations.stripe import checking, endpoints, history, mapping, payload, promotion_codes
from integrations.stripe.api import STRANGE, RefusedRequestError, StripeApi
from integrations.stripe.mapping import Sale
from integrations.stripe.payload import Object


@dataclass(frozen=True, slots=True)
class Payment:
    """What Stripe knows of a payment: the sale that it paid for, and what went back."""

    sale: Sale
    refunds: Sequence[Object]
    disputes: Sequence[Object]


@dataclass
class StripeShopClient:
    """Calls are bounded in time and size. Raises ShopAwayError and AccessRefusedError.

    `webhook_secret` is the stored secret; one that does not begin with whsec_ is none of Stripe's.
    Where `subscribe` has made an endpoint, `chosen_secret` is its secret, to be stored: Stripe
    shows it once.
    `clock` gives the seconds since 1970.
    """

    key: str = field(repr=False)
    account: str = ""
    webhook_secret: str = field(default="", repr=False)
    clock: Callable[[], float] = time.time
    chosen_secret: str = field(default="", repr=False)

    @property
    def is_secret_known(self) -> bool:
        """Whether the stored secret can be one that Stripe signs with."""
        return self.webhook_secret.startswith("whsec_")

    def check(self) -> tuple[Finding, ...]:
        with self._calling() as api:
            return checking.findings(
                api,
                key=self.key,
                account=self.account,
                is_secret_known=self.is_secret_known,
                now=self.clock(),
            )

    def subscribe(self, address: str) -> tuple[Finding, ...]:
        with self._calling() as api:
            finding, self.chosen_secret = endpoints.ensure(
                api, address, is_secret_known=self.is_secret_known
            )
            self.webhook_secret = self.chosen_secret or self.webhook_secret
            return (finding,)

    def unsubscribe(self, address: str) -> None:
        with self._calling() as api:
            endpoints.remove_ours(api, address)

    def changed_since(self, moment: datetime) -> Iterator[RawDelivery]:
        with self._calling() as api:
            now = datetime.fromtimestamp(self.clock(), tz=UTC)
            yield from history.since(api, moment, now=now)

    def codes(self, discount: Discount) -> Iterator[ShopCode]:
        with self._calling() as api:
            yield from promotion_codes.listed(api, discount)

    def make_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        with self._calling() as api:
            return promotion_codes.make(api, discount, codes)

    def end_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        with self._calling() as api:
            return promotion_codes.end(api, discount, codes)

    def line_items(self, session_id: str) -> list[Object]:
        """Return a session's line items, none where Stripe does not know the session."""
        with self._calling() as api:
            return list(api.all(f"/v1/checkout/sessions/{session_id}/line_items"))

    def promotion_codes(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the texts of promotion codes by id, without those that Stripe does not know."""
        found: dict[str, str] = {}
        with self._calling() as api:
            for one in dict.fromkeys(ids):
                code = _if_known(partial(api.get, f"{promotion_codes.CODES}/{one}"))
                found[one] = payload.text(code, "code")
        return found

    def invoice_discounts(self, invoice_id: str) -> list[Object]:
        """Return the discounts of an invoice with their promotion codes."""
        with self._calling() as api:
            expand = ["discounts.promotion_code"]
            invoice = _if_known(partial(api.get, f"/v1/invoices/{invoice_id}", expand=expand))
            return payload.listed(invoice, "discounts")

    def has_session(self, subscription_id: str) -> bool:
        """Whether a checkout session began the subscription."""
        with self._calling() as api:
            return api.first("/v1/checkout/sessions", subscription=subscription_id) is not None

    def payment(self, payment_intent: str) -> Payment | None:
        """Return what is known of a payment; None if no session or subscription made it."""
        with self._calling() as api:
            session = api.first("/v1/checkout/sessions", payment_intent=payment_intent)
            invoice = None if session is not None else _invoice_of(api, payment_intent)
            paid_by = [payment_intent] if invoice is None else _payments_of(api, invoice)
            refunds, disputes = (
                [one for paid in paid_by for one in api.all(path, payment_intent=paid)]
                for path in ("/v1/refunds", "/v1/disputes")
            )
        if session is not None:
            return Payment(mapping.sale_of_session(session), refunds, disputes)
        if invoice is not None:
            return Payment(mapping.sale_of_invoice(invoice), refunds, disputes)
        return None

    @contextmanager
    def _calling(self) -> Iterator[StripeApi]:
        with Caller() as caller:
            try:
                yield StripeApi(self.key, caller)
            except RefusedRequestError as error:
                raise ShopAwayError(f"Stripe refused a request: {error}") from None
            except NotUnderstoodError as error:
                raise ShopAwayError(f"{STRANGE} {error}") from None


def _invoice_of(api: StripeApi, payment_intent: str) -> Object | None:
    """Return the subscription's invoice that a payment paid; the first, where it paid several."""
    payment = {"type": "payment_intent", "payment_intent": payment_intent}
    found = api.all("/v1/invoice_payments", payment=payment, expand=["data.invoice"])
    invoices = [payload.part(one, "invoice") for one in found]
    of_subscriptions = [one for one in invoices if mapping.subscription_of(one)]
    return min(of_subscriptions, key=lambda one: str(one.get("id")), default=None)


def _payments_of(api: StripeApi, invoice: Object) -> list[str]:
    """Return the payment intents that paid an invoice."""
    found = api.all("/v1/invoice_payments", invoice=payload.own_id(invoice))
    intents = [payload.reference(payload.part(one, "payment"), "payment_intent") for one in found]
    return [intent for intent in dict.fromkeys(intents) if intent]


def _if_known(ask: Callable[[], Object]) -> Object:
    """Return what Stripe answers, an empty object where it does not know what was asked for."""
    try:
        return ask()
    except RefusedRequestError as error:
        if error.is_about_unknown:
            return {}
        raise
