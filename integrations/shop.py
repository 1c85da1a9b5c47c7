"""What every kind of shop provides, and the plain values that its parts exchange.

A mapping turns a delivery's body into `Statements`: orders and refunds in the JSON of our own API
(docs/api.md), so that one reader checks what comes from any shop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

# The credential with which the shop signs its deliveries, unless the shop has a `secret_field`.
# Where `Shop.clean` returns none, integrations.connections makes one before it makes a client,
# whose `subscribe` tells the shop.
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 # pragma: allowlist secret


MADE = "It was not there, so we made it. The shop sends its orders again."


class CredentialError(ValueError):
    """What was entered for a connection can't be used: the field, and a sentence on what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class NotUnderstoodError(ValueError):
    """A delivery that can't be mapped, ever; the message is a sentence for staff."""


class ShopAwayError(Exception):
    """The shop did not answer, or not usefully; it may later. The message is a sentence for staff.

    `retry_after` is in seconds, where the shop said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AccessRefusedError(Exception):
    """The shop refuses our credentials, or lacks a permission. The message says what to do."""


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing that the setup page asks for, in the shop's own words."""

    name: str
    label: str
    help: str
    is_secret: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the headers of a delivery say. `event_id` is the same for a repeat; "" where the shop
    has no such id.
    """

    topic: str
    event_id: str = ""
    store: str = ""
    happened_at: datetime | None = None


class PrivacyKind(StrEnum):
    DATA_REQUEST = "data_request"
    CUSTOMER_ERASURE = "customer_erasure"
    STORE_ERASURE = "store_erasure"


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A shopper or the whole store asks for their data or its erasure (by the shop's own ids)."""

    kind: PrivacyKind
    customer_id: str = ""
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statements:
    """What a delivery states. `orders` and `refunds` are JSON of our API; newer ones replace.

    The refunds of the orders in `whole_refunds_of` are listed whole: others that are recorded of
    them are undone. `deleted_orders` are gone in the shop for good: what is known of them, or
    becomes known later, is recorded as cancelled. `ignored` is a sentence where there is nothing to
    record.
    """

    orders: tuple[Mapping[str, Any], ...] = ()
    refunds: tuple[Mapping[str, Any], ...] = ()
    whole_refunds_of: tuple[str, ...] = ()
    deleted_orders: tuple[str, ...] = ()
    privacy: tuple[PrivacyRequest, ...] = ()
    is_uninstalled: bool = False
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: what was looked at, whether it is right, and what to do if not.

    Without what `is_needed`, the shop can't be connected; orders come without the rest.
    """

    title: str
    is_ok: bool
    advice: str = ""
    is_needed: bool = True


def titles_by_advice(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return the titles of the findings with the same advice, so that it is said once."""
    titles: dict[str, list[str]] = {}
    for one in findings:
        titles.setdefault(one.advice, []).append(one.title)
    return titles


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """A delivery as the web server receives it, or as a back-fill makes it."""

    headers: Mapping[str, str]
    body: bytes

    def in_lower_case(self) -> RawDelivery:
        """Return it with the names of its headers in lower case."""
        return RawDelivery({name.lower(): text for name, text in self.headers.items()}, self.body)


@dataclass(frozen=True, slots=True)
class ShopCode:
    """A discount code as the shop has it. `times_used` is None where the shop does not count."""

    code: str
    is_active: bool
    shop_id: str
    times_used: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What a member's code takes off in the shop: a percentage in basis points."""

    name: str
    percent_bp: int


class ShopClient(Protocol):
    """Talks to one store. Every call is bounded in time and size.

    Raises ShopAwayError and AccessRefusedError.
    """

    def check(self) -> tuple[Finding, ...]: ...

    def subscribe(self, address: str) -> tuple[Finding, ...]:
        """Make the webhooks that are missing, to this address; remove wrong ones of ours.

        The finding of one that was missing has the advice `MADE`.
        """

    def unsubscribe(self, address: str) -> None: ...

    def changed_since(self, moment: datetime) -> Iterator[RawDelivery]:
        """The orders that changed since, as deliveries; what changed first comes first."""

    def codes(self, discount: Discount) -> Iterator[ShopCode]:
        """Return the codes of this discount."""

    def make_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        """Make codes that are missing. Returns a sentence for each that could not be made."""

    def end_codes(self, discount: Discount, codes: Sequence[str]) -> Mapping[str, str]:
        """Take codes out of use. Returns a sentence for each that could not be ended."""


@runtime_checkable
class SignsWithCredential(Protocol):
    """A shop that signs with one of the credentials that it gave out, named by `secret_field`."""

    secret_field: str


@runtime_checkable
class ChoosesSecret(Protocol):
    """A client of a shop that chooses the secret itself: it is known once `subscribe` returned.

    "" where subscribing made no new webhook, so that the secret is the one that was known before.
    """

    chosen_secret: str


@runtime_checkable
class ReadsWhileUnderstanding(Protocol):
    """A shop whose `understand` reads orders and refunds from the shop as they are now.

    Its deliveries are worked on one at a time for each connection, so that what was read last is
    what counts, however old the delivery is that made us read it.
    """

    reads_while_understanding: bool


class Shop(Protocol):
    """One kind of shop. `kind` is stored, `name` is shown."""

    kind: str
    name: str
    fields: tuple[CredentialField, ...]

    def clean(self, entered: Mapping[str, str]) -> dict[str, str]:
        """The credentials without what people paste around them. Raises CredentialError."""

    def store_of(self, credentials: Mapping[str, str]) -> str:
        """Return the store's name, the same for the same store: shop.example.com."""

    def read_headers(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Header names are in lower case. Raises NotUnderstoodError."""

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether it is the shop's unsigned test of the address, answered 200 and not stored."""

    def is_signed(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secrets: Sequence[str],
        now: datetime,
    ) -> bool:
        """Whether one of the secrets signed these very bytes."""

    def understand(
        self, delivery: Delivery, body: bytes, *, client: ShopClient | None
    ) -> Statements:
        """Map a stored delivery. Raises NotUnderstoodError, ShopAwayError, AccessRefusedError."""

    def client(self, credentials: Mapping[str, str]) -> ShopClient: ...

    def test_delivery(
        self, *, order_id: str, code: str, currency: str, secret: str, now: datetime
    ) -> RawDelivery:
        """A signed delivery of a test order of 100.00 with this code, in the shop's own format."""
