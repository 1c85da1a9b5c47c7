"""A Shopify store on this machine: it checks what the real one checks, and answers as it does.

Its schema is the documented one, so a query with a field or an argument that does not exist is
refused. Time is `clock`, which tests move: points, tokens and jobs go by it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync, parse, validate

from integrations.shopify.reading import time_of
from integrations.shopify.signature import sign
from tests.integrations.shopify.payloads import as_graphql
from tests.integrations.shopify.points import Bucket, cost
from tests.integrations.shopify.store import Store, named
from tests.integrations.stand_in import Reply, Sent, StandIn

VERSION = "2026-10"
SCOPES = ("read_orders", "read_customers", "write_discounts")
TOKEN_SECONDS = 86_399
MAX_QUERY_POINTS = 1_000


def _schema() -> GraphQLSchema:
    schema = build_schema((Path(__file__).parent / "admin.graphql").read_text())
    union = schema.type_map["DiscountCode"]
    union.resolve_type = lambda value, *_: value["__typename"]  # type: ignore[attr-defined]
    return schema


SCHEMA = _schema()


class Clock:
    """Seconds that pass when a test, or a client that sleeps, says so."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class ShopifyStandIn(StandIn):
    """One store with one app. `base` limits: 1,000 points for a query, 2,000 in the bucket."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock = clock or Clock()
        self.client_id, self.client_secret = "c" * 32, "s" * 32
        self.app_token = "shpat_" + "a" * 32
        self.scopes = list(SCOPES)
        self.is_installed = True
        self.tokens: dict[str, float] = {}
        self.points = Bucket(self.clock, maximum=2_000.0, per_second=100.0)
        self.costs: list[int] = []
        self.operations: list[str] = []
        self.domain = ""  # as the store names itself; "" is its address here
        self.store = Store(self.clock)

    @property
    def name(self) -> str:
        """What one enters as the store's address."""
        return "stand-in.myshopify.com"

    @property
    def led_here(self) -> dict[str, str]:
        """The setting STAND_INS for it."""
        return {self.name: f"127.0.0.1:{self.port}"}

    @property
    def credentials(self) -> dict[str, str]:
        return {
            "store": self.name,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def answer(self, sent: Sent) -> Reply:
        if sent.method != "POST":
            return Reply(405)
        if sent.path == "/admin/oauth/access_token":
            return self._token(sent)
        if sent.path != f"/admin/api/{VERSION}/graphql.json":
            return Reply.of({"errors": "Not Found"}, status=404)
        if not self._is_known(sent.headers.get("x-shopify-access-token", "")):
            said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Reply.of({"errors": said}, status=401)
        return self._graphql(sent.json())

    def _token(self, sent: Sent) -> Reply:
        form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return Reply.of({"error": "unsupported_grant_type"}, status=400)
        if form.get("client_id") != self.client_id:
            return Reply.of({"error": "application_cannot_be_found"}, status=400)
        if form.get("client_secret") != self.client_secret:
            return Reply.of({"error": "invalid_client"}, status=401)
        if not self.is_installed:
            return Reply.of({"error": "app_not_installed"}, status=400)
        token = f"shpat_{uuid.uuid4().hex}"
        self.tokens[token] = self.clock() + TOKEN_SECONDS
        scope = ",".join(self.scopes)
        return Reply.of({"access_token": token, "scope": scope, "expires_in": TOKEN_SECONDS})

    def _is_known(self, token: str) -> bool:
        return self.is_installed and (
            token == self.app_token or self.clock() < self.tokens.get(token, 0.0)
        )

    def _graphql(self, asked: dict[str, Any]) -> Reply:
        variables = asked.get("variables") or {}
        self.operations.append(asked.get("operationName") or "")
        try:
            document = parse(asked["query"])
        except GraphQLError as error:
            return Reply.of({"errors": [{"message": error.message}]})
        wrong = validate(SCHEMA, document)
        if wrong:
            coded = [
                {"message": e.message, "extensions": {"code": "undefinedField"}} for e in wrong
            ]
            return Reply.of({"errors": coded})
        points = cost(SCHEMA, document, variables)
        self.costs.append(points)
        if points > MAX_QUERY_POINTS:
            return self._refused(points, "MAX_COST_EXCEEDED", f"Query cost is {points}")
        if not self.points.take(points):
            return self._refused(points, "THROTTLED", "Throttled")
        result = graphql_sync(
            SCHEMA, asked["query"], Root(self), variable_values=variables,
            operation_name=asked.get("operationName"),
        )  # fmt: skip
        said: dict[str, Any] = {"data": result.data, "extensions": self._costs(points)}
        if result.errors:
            said["errors"] = [
                {"message": one.message, "extensions": one.extensions or {}}
                for one in result.errors
            ]
        return Reply.of(said)

    def _refused(self, points: int, code: str, message: str) -> Reply:
        error = {"message": message, "extensions": {"code": code}}
        return Reply.of({"errors": [error], "extensions": self._costs(points)})

    def _costs(self, points: int) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": points,
                "actualQueryCost": None,
                "throttleStatus": {
                    "maximumAvailable": self.points.maximum,
                    "currentlyAvailable": int(self.points.left),
                    "restoreRate": self.points.per_second,
                },
            }
        }

    def delivery(
        self, topic: str, payload: Any, *, event_id: str = "", secret: str = ""
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook, signed."""
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": self.domain or self.name,
            "X-Shopify-Hmac-Sha256": sign(body, secret or self.client_secret),
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": event_id or str(uuid.uuid4()),
            "X-Shopify-Triggered-At": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "X-Shopify-Api-Version": VERSION,
        }
        return headers, body

    def deliver(self, topic: str, payload: Any, address: str, **more: str) -> int:
        """Send a webhook to an address, and return the status of the answer; 0 for none.

        It waits as long as the real one: a second to connect, five in all.
        """
        headers, body = self.delivery(topic, payload, **more)
        try:
            timeout = httpx.Timeout(5.0, connect=1.0)
            answer = httpx.post(address, content=body, headers=headers, timeout=timeout)
        except httpx.HTTPError:
            return 0
        return answer.status_code

    def deliver_to_subscribers(self, topic: str, payload: Any) -> list[int]:
        """Send a webhook to everybody who subscribed to the topic."""
        enum = topic.replace("/", "_").upper()
        return [
            self.deliver(topic, payload, one["uri"])
            for one in self.store.subscriptions.values()
            if one["topic"] == enum
        ]


def needs(scope: str) -> Callable[..., Any]:
    """Refuse a field for which the app lacks the scope, as Shopify does."""

    def decorate(resolve: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(self: Root, info: Any, **given: Any) -> Any:
            granted = self.stand_in.scopes
            if scope not in granted and scope.replace("read_", "write_", 1) not in granted:
                raise GraphQLError(
                    f"Access denied for {info.field_name} field. Required access: `{scope}` access"
                    " scope.",
                    extensions={"code": "ACCESS_DENIED"},
                )
            return resolve(self, info, **given)

        return guarded

    return decorate


def page_of(items: list[Any], first: int | None, after: str | None) -> dict[str, Any]:
    """A page of a connection. A cursor is the place of its last node."""
    begin = int(after or 0)
    part = items[begin : begin + (first or 0)]
    end = begin + len(part)
    info = {"hasNextPage": end < len(items), "endCursor": str(end) if part else None}
    return {"nodes": part, "pageInfo": info}


class Root:
    """Answers the fields of Query and Mutation."""

    def __init__(self, stand_in: ShopifyStandIn) -> None:
        self.stand_in, self.store = stand_in, stand_in.store

    def shop(self, info: Any) -> Any:
        domain = self.stand_in.domain or self.stand_in.name
        return {"myshopifyDomain": domain, "currencyCode": "GBP"}

    def appInstallation(self, info: Any, id: str | None = None) -> Any:  # noqa: A002, N802
        return {"accessScopes": [{"handle": one} for one in self.stand_in.scopes]}

    @needs("read_orders")
    def orders(self, info: Any, first: int, query: str, **more: Any) -> Any:
        begun, _, text = query.partition(":>=")
        since = time_of(text.strip("'"))
        assert begun == "updated_at"
        assert since is not None
        changed = [one for one in self.store.orders.values() if _updated_at(one) >= since]
        shown = [self._shown(one) for one in sorted(changed, key=_updated_at)]
        return page_of(shown, first, more.get("after"))

    @needs("read_orders")
    def order(self, info: Any, id: str) -> Any:  # noqa: A002
        found = self.store.orders.get(named(id))
        return found and self._shown(found)

    @needs("read_orders")
    def refund(self, info: Any, id: str) -> Any:  # noqa: A002
        for order in self.store.orders.values():
            for one in as_graphql(order)["refunds"]:
                if one["id"] == id:
                    return _pages_of(one)
        return None

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        shown = as_graphql(order)
        customer = shown["customer"]
        shown["customer"] = lambda info: self._customer(info, customer=customer)
        refunds = shown["refunds"]
        shown["refunds"] = lambda info, first=None: [_pages_of(one) for one in refunds[:first]]
        return _pages_of(shown)

    @needs("read_customers")
    def _customer(self, info: Any, customer: Any = None) -> Any:
        return customer

    def webhookSubscriptions(self, info: Any, first: int, after: str | None = None) -> Any:  # noqa: N802
        return page_of(list(self.store.subscriptions.values()), first, after)

    def webhookSubscriptionCreate(  # noqa: N802
        self,
        info: Any,
        topic: str,
        webhookSubscription: dict[str, Any],  # noqa: N803
    ) -> Any:
        made, said = self.store.subscribe(topic, **webhookSubscription)
        return {"webhookSubscription": made, "userErrors": said}

    def webhookSubscriptionDelete(self, info: Any, id: str) -> Any:  # noqa: A002, N802
        found = self.store.subscriptions.pop(id, None)
        said = [] if found else [{"field": ["id"], "message": "Webhook does not exist"}]
        return {"deletedWebhookSubscriptionId": id if found else None, "userErrors": said}

    @needs("read_discounts")
    def codeDiscountNodes(self, info: Any, first: int, query: str, **more: Any) -> Any:  # noqa: N802
        word = query.removeprefix("title:").strip("'").split(" ")[0].lower()
        found = [one for one in self.store.shown_discounts() if word in one["title"].lower()]
        nodes = [{"id": one["id"], "codeDiscount": one} for one in found]
        return page_of(nodes, first, more.get("after"))

    @needs("read_discounts")
    def codeDiscountNode(self, info: Any, id: str) -> Any:  # noqa: A002, N802
        for one in self.store.shown_discounts():
            if one["id"] == id:
                return {"id": id, "codeDiscount": _pages_of(one)}
        return None

    @needs("write_discounts")
    def discountCodeBasicCreate(self, info: Any, basicCodeDiscount: dict[str, Any]) -> Any:  # noqa: N802, N803
        made, said = self.store.make_discount(basicCodeDiscount)
        return {"codeDiscountNode": made and {"id": made["id"]}, "userErrors": said}

    @needs("write_discounts")
    def discountRedeemCodeBulkAdd(self, info: Any, discountId: str, codes: list[Any]) -> Any:  # noqa: N802, N803
        creation, said = self.store.add_codes(discountId, [one["code"] for one in codes])
        return {"bulkCreation": creation, "userErrors": said}

    @needs("read_discounts")
    def discountRedeemCodeBulkCreation(self, info: Any, id: str) -> Any:  # noqa: A002, N802
        found = self.store.creation(id)
        return found and _pages_of(found)

    @needs("write_discounts")
    def discountCodeRedeemCodeBulkDelete(  # noqa: N802
        self,
        info: Any,
        discountId: str,  # noqa: N803
        ids: list[str],
    ) -> Any:
        job, said = self.store.remove_codes(discountId, ids)
        return {"job": job, "userErrors": said}

    def job(self, info: Any, id: str) -> Any:  # noqa: A002
        return self.store.job(id)


CONNECTIONS = ("lineItems", "refundLineItems", "orderAdjustments", "refundShippingLines",
               "transactions", "codes")  # fmt: skip


def _pages_of(node: dict[str, Any]) -> dict[str, Any]:
    """A node whose lists are shown in pages."""

    def pager(items: list[Any]) -> Callable[..., Any]:
        return lambda info, first=None, after=None: page_of(items, first, after)

    return {
        name: pager(value) if name in CONNECTIONS and isinstance(value, list) else value
        for name, value in node.items()
    }


def _updated_at(order: dict[str, Any]) -> datetime:
    found = time_of(order["updated_at"])
    assert found is not None
    return found
