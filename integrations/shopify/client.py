"""The client of one Shopify store. Every call is bounded in time and size."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from core.outgoing import CALL_SECONDS, Caller
from integrations.shop import (
    AccessRefusedError,
    Discount,
    Finding,
    RawDelivery,
    ShopAwayError,
    ShopCode,
)
from integrations.shopify import codes, credentials, fetching, queries, subscriptions, topics
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.answers import at
from integrations.shopify.tokens import NoStoreError, source_of

MAX_CLOCK_DIFFERENCE_SECONDS = 300.0


class ShopifyClient:
    """Talks to one store; see integrations.shop.ShopClient. `sleep` and `clock` are for tests."""

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        seconds: float = CALL_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.given, self.store, self.seconds = given, given[credentials.STORE], seconds
        self.sleep, self.clock = sleep, clock
        self.tokens = source_of(given, clock=clock)

    @contextmanager
    def _api(self) -> Iterator[AdminApi]:
        with Caller(seconds=self.seconds) as caller:
            yield AdminApi(
                f"https://{self.store}", self.tokens, caller, sleep=self.sleep, clock=self.clock
            )

    def check(self) -> tuple[Finding, ...]:
        """Look at everything that a connection needs, and say what is missing. Never raises."""
        findings: list[Finding] = []
        self.tokens.renew()  # scopes may have been added since the token was granted
        with self._api() as api:
            try:
                found = api.ask(queries.WHO)
            except NoStoreError as error:
                findings.append(Finding("Store address", is_ok=False, advice=str(error)))
            except AccessRefusedError as error:
                findings.append(Finding("Store address", is_ok=True))
                findings.append(Finding(self._access, is_ok=False, advice=str(error)))
            except ShopAwayError as error:
                again = f"{error} See that the store address is right, and try again."
                findings.append(Finding("Store address", is_ok=False, advice=again))
            else:
                findings.append(self._store(found))
                findings.append(Finding(self._access, is_ok=True))
                findings += _scopes(found)
            findings += _clock(api.seconds_ahead)
        return (*findings, self._secret())

    @property
    def _access(self) -> str:
        is_granted = self.given.get(credentials.CLIENT_ID)
        return "Client ID and client secret" if is_granted else "Admin API access token"

    def _store(self, found: Mapping[str, Any]) -> Finding:
        name = at(found, "shop").get("myshopifyDomain")
        if name == self.store:
            return Finding("Store address", is_ok=True)
        advice = f"Shopify calls this store {name}. Enter that as the store address."
        return Finding("Store address", is_ok=False, advice=advice)

    def _secret(self) -> Finding:
        title = "Signature of deliveries"
        if self.given.get(credentials.CLIENT_SECRET):
            return Finding(title, is_ok=True)
        advice = (
            "Enter the client secret (API secret key) of the app. Without it nobody can tell"
            " Shopify's deliveries from forged ones, so all are refused."
        )
        return Finding(title, is_ok=False, advice=advice)

    def subscribe(self, address: str) -> tuple[Finding, ...]:
        """Make the webhooks that are missing, to this address; remove wrong ones of ours."""
        with self._api() as api:
            return subscriptions.subscribe(api, address)

    def unsubscribe(self, address: str) -> None:
        with self._api() as api:
            subscriptions.unsubscribe(api, address)

    def changed_since(self, moment: datetime) -> Iterator[RawDelivery]:
        """Return the orders that changed since, as deliveries of the topic `orders/fetched`."""
        with self._api() as api:
            for order in fetching.changed_orders(api, moment):
                yield self._as_delivery(order)

    def _as_delivery(self, order: Mapping[str, Any]) -> RawDelivery:
        body = json.dumps(order, separators=(",", ":"), sort_keys=True).encode()
        headers = {
            "x-shopify-topic": topics.FETCHED,
            "x-shopify-shop-domain": self.store,
            # The same state of an order is the same event, however often it is fetched.
            "x-shopify-event-id": hashlib.sha256(body).hexdigest(),
            "x-shopify-api-version": queries.VERSION,
        }
        changed = order.get("updatedAt")
        if isinstance(changed, str):
            headers["x-shopify-triggered-at"] = changed
        return RawDelivery(headers, body)

    def order(self, order_id: str) -> Mapping[str, Any] | None:
        """Return an order as it is now, None if there is none."""
        with self._api() as api:
            return fetching.one_order(api, order_id)

    def codes(self, discount: Discount) -> Iterator[ShopCode]:
        """Return the codes of this discount."""
        with self._api() as api:
            yield from codes.codes_of(api, discount)

    def make_codes(self, discount: Discount, codes_to_make: Sequence[str]) -> Mapping[str, str]:
        """Make codes that are missing. Returns a sentence for each that could not be made."""
        with self._api() as api:
            return codes.make_codes(api, discount, codes_to_make)

    def end_codes(self, discount: Discount, codes_to_end: Sequence[str]) -> Mapping[str, str]:
        """Remove codes. Returns a sentence for each that could not be removed."""
        with self._api() as api:
            return codes.end_codes(api, discount, codes_to_end)


def _scopes(found: Mapping[str, Any]) -> Iterator[Finding]:
    listed = at(found, "appInstallation").get("accessScopes")
    handles = {one.get("handle") for one in (listed if isinstance(listed, list) else ()) if one}
    for scope, purpose in credentials.NEEDED_SCOPES.items():
        # Who may write may read.
        is_there = scope in handles or scope.replace("read_", "write_", 1) in handles
        advice = (
            f"The app lacks the scope {scope}, which it needs {purpose}. Add it to the app's"
            " version in the Dev Dashboard, release it, and approve it in the store."
        )
        yield Finding(f"Scope {scope}", is_ok=is_there, advice="" if is_there else advice)
    if credentials.OLDER_ORDERS not in handles:
        advice = (
            "Orders of the last 60 days are imported. To import older ones too, add the scope"
            f" {credentials.OLDER_ORDERS}."
        )
        yield Finding("Older orders", is_ok=True, advice=advice)


def _clock(seconds_ahead: float | None) -> Iterator[Finding]:
    if seconds_ahead is None:
        return
    if abs(seconds_ahead) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        yield Finding("Clock", is_ok=True)
        return
    behind = "behind" if seconds_ahead > 0 else "ahead of"
    advice = (
        f"Our server's clock is {round(abs(seconds_ahead) / 60)} minutes {behind} Shopify's. Ask"
        " the person who runs this server to set it right: until then orders may be refused as from"
        " the future."
    )
    yield Finding("Clock", is_ok=False, advice=advice, is_needed=False)
