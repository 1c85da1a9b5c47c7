"""Rate limits: for requesting codes, and for guesses at codes, passwords and second factors.

docs/production.md repeats the numbers in a table, and a test compares the two. Counts are rows in
PostgreSQL, one per limit, counted party and period, so that no cache has to be available.

Strangers must not use up a person's limits. Therefore a known browser (the address was proven in it
before) and a person who is logged in have separate counts, and count for nothing else. For
everybody else the count of an address is split by network, so that only requests from many networks
together can reach the limit of the address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from accounts.models import CodeCount, CodePurpose
from core.clients import network_for_limits, parse_address

TRIES_PER_CODE = 5
# Tries that a code has once a limit of wrong guesses is reached. Strangers may have reached the
# limit of an address, so its owner may mistype once.
TRIES_BEYOND_ADDRESS_LIMIT = 2
TRIES_BEYOND_OTHER_LIMIT = 1
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
COUNTS_KEPT_FOR = timedelta(hours=2)  # twice the longest period
WIDE_IPV4_PREFIX, WIDE_IPV6_PREFIX = 24, 48  # one subscriber of a carrier can easily have these


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max_count` in each `period`, counted from the full minute or hour."""

    name: str
    max_count: int
    period: timedelta

    def since(self, now: datetime) -> datetime:
        """When the period of `now` began."""
        seconds = int(self.period.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=UTC)

    def left(self, now: datetime) -> timedelta:
        """How long the period of `now` still lasts."""
        return self.since(now) + self.period - now


# Codes asked for.
KNOWN_MINUTE = Limit("codes: one known browser or person, a minute", 3, MINUTE)
KNOWN_HOUR = Limit("codes: one known browser or person, an hour", 20, HOUR)
ADDRESS_NETWORK_MINUTE = Limit("codes: one address, one network, a minute", 3, MINUTE)
ADDRESS_NETWORK_HOUR = Limit("codes: one address, one network, an hour", 10, HOUR)
ADDRESS_WIDE_HOUR = Limit("codes: one address, one wide network, an hour", 12, HOUR)
ADDRESS_HOUR = Limit("codes: one address, an hour", 48, HOUR)
NETWORK_MINUTE = Limit("codes: one network, a minute", 20, MINUTE)
NETWORK_HOUR = Limit("codes: one network, an hour", 120, HOUR)
WIDE_HOUR = Limit("codes: one wide network, an hour", 360, HOUR)
ALL_MINUTE = Limit("codes: over all, a minute", 300, MINUTE)
ALL_HOUR = Limit("codes: over all, an hour", 2_000, HOUR)
# Wrong guesses.
WRONG_KNOWN_HOUR = Limit("wrong guesses: one known browser or person, an hour", 20, HOUR)
WRONG_ADDRESS_HOUR = Limit("wrong guesses: one address, an hour", 20, HOUR)
WRONG_NETWORK_HOUR = Limit("wrong guesses: one network, an hour", 30, HOUR)
WRONG_WIDE_HOUR = Limit("wrong guesses: one wide network, an hour", 90, HOUR)
WRONG_ALL_HOUR = Limit("wrong guesses: over all, an hour", 300, HOUR)
# Wrong passwords. At a limit no password is checked for the rest of the hour; a mailed code works.
PASSWORD_KNOWN_HOUR = Limit("wrong passwords: one known browser or person, an hour", 20, HOUR)
PASSWORD_ADDRESS_WIDE_HOUR = Limit(
    "wrong passwords: one address, one wide network, an hour", 10, HOUR
)
PASSWORD_ADDRESS_HOUR = Limit("wrong passwords: one address, an hour", 30, HOUR)
PASSWORD_NETWORK_HOUR = Limit("wrong passwords: one network, an hour", 30, HOUR)
PASSWORD_WIDE_HOUR = Limit("wrong passwords: one wide network, an hour", 90, HOUR)
PASSWORD_ALL_HOUR = Limit("wrong passwords: over all, an hour", 1_000, HOUR)
# Wrong second factors, after a right password or code.
FACTOR_HOUR = Limit("wrong second factors: one person, an hour", 20, HOUR)

LIMITS = (
    KNOWN_MINUTE,
    KNOWN_HOUR,
    ADDRESS_NETWORK_MINUTE,
    ADDRESS_NETWORK_HOUR,
    ADDRESS_WIDE_HOUR,
    ADDRESS_HOUR,
    NETWORK_MINUTE,
    NETWORK_HOUR,
    WIDE_HOUR,
    ALL_MINUTE,
    ALL_HOUR,
    WRONG_KNOWN_HOUR,
    WRONG_ADDRESS_HOUR,
    WRONG_NETWORK_HOUR,
    WRONG_WIDE_HOUR,
    WRONG_ALL_HOUR,
    PASSWORD_KNOWN_HOUR,
    PASSWORD_ADDRESS_WIDE_HOUR,
    PASSWORD_ADDRESS_HOUR,
    PASSWORD_NETWORK_HOUR,
    PASSWORD_WIDE_HOUR,
    PASSWORD_ALL_HOUR,
    FACTOR_HOUR,
)
# A network that guessed wrong so often gets no new code for the rest of the hour.
WRONG_THAT_REFUSE_CODES = (WRONG_NETWORK_HOUR, WRONG_WIDE_HOUR)


@dataclass(frozen=True, slots=True)
class Requester:
    """The browser or person who requests a code or enters one.

    `browser` is a secret in the browser's session, which the code is bound to. `network` is the
    client's address; unknown addresses count as one network. `known_as` names a browser that
    proved the address before, or a person who is logged in; empty for everybody else.
    """

    browser: str
    network: str = ""
    known_as: str = ""


Counted = list[tuple[Limit, str]]


def counted_request(requester: Requester, *, address: str, purpose: CodePurpose) -> Counted:
    """The limits that count a request for a code, and the party that each counts."""
    if requester.known_as:
        counted = [(limit, f"known {requester.known_as}") for limit in (KNOWN_MINUTE, KNOWN_HOUR)]
        if purpose != CodePurpose.LOG_IN:  # such a code may go to an address that is not theirs
            counted.append((ADDRESS_HOUR, f"{purpose} {address}"))
        return counted
    network, wide = networks_of(requester.network)
    return [
        (ADDRESS_NETWORK_MINUTE, f"{address} {network}"),
        (ADDRESS_NETWORK_HOUR, f"{address} {network}"),
        (ADDRESS_WIDE_HOUR, f"{address} {wide}"),
        (ADDRESS_HOUR, address),
        (NETWORK_MINUTE, network),
        (NETWORK_HOUR, network),
        (WIDE_HOUR, wide),
        (ALL_MINUTE, ""),
        (ALL_HOUR, ""),
    ]


def counted_guess(requester: Requester, *, address: str) -> Counted:
    """The limits that count a wrong guess, and the party that each counts."""
    if requester.known_as:
        return [(WRONG_KNOWN_HOUR, f"known {requester.known_as}")]
    network, wide = networks_of(requester.network)
    return [
        (WRONG_ADDRESS_HOUR, address),
        (WRONG_NETWORK_HOUR, network),
        (WRONG_WIDE_HOUR, wide),
        (WRONG_ALL_HOUR, ""),
    ]


def counted_password(*, known_as: str, network: str, address: str) -> Counted:
    """The limits that count a wrong password for an address, and the party that each counts."""
    if known_as:
        return [(PASSWORD_KNOWN_HOUR, f"known {known_as}")]
    narrow, wide = networks_of(network)
    return [
        (PASSWORD_ADDRESS_WIDE_HOUR, f"{address} {wide}"),
        (PASSWORD_ADDRESS_HOUR, address),
        (PASSWORD_NETWORK_HOUR, narrow),
        (PASSWORD_WIDE_HOUR, wide),
        (PASSWORD_ALL_HOUR, ""),
    ]


def counted_factor(user_id: int) -> Counted:
    """The limit that counts a wrong second factor, and the person that it counts."""
    return [(FACTOR_HOUR, f"user {user_id}")]


def count_up(counted: Counted, *, now: datetime) -> list[Limit]:
    """Add one to each count, and return the limits that this exceeds.

    Call it in a transaction, and roll back if the request is refused: a refused request counts
    nothing. The rows stay locked until then, in one order, so that the count is exact.
    """
    keys = {(limit.name, digest_of(limit.name, whom)): limit for limit, whom in counted}
    ordered = sorted(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_codecount AS kept (name, whom, since, count)"
            " SELECT name, whom, since, 1"
            " FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS new (name, whom, since)"
            " ORDER BY name, whom"
            " ON CONFLICT (name, whom, since) DO UPDATE SET count = kept.count + 1"
            " RETURNING name, whom, count",
            [
                [name for name, _ in ordered],
                [whom for _, whom in ordered],
                [keys[key].since(now) for key in ordered],
            ],
        )
        counts = {(name, whom): number for name, whom, number in cursor.fetchall()}
    return [limit for key, limit in keys.items() if counts[key] > limit.max_count]


def count_try(counted: Counted, *, now: datetime) -> list[Limit]:
    """Count a try before it is checked, and return the limits that refuse it.

    A refused try is not counted. Simultaneous tries wait for each other here, so no more than the
    limit are checked. Call `uncount_try` if the try was right.
    """
    with transaction.atomic():
        beyond = count_up(counted, now=now)
        transaction.set_rollback(bool(beyond))
    return beyond


def uncount_try(counted: Counted, *, now: datetime) -> None:
    """Undo `count_try` for a right try; `now` is when it was counted."""
    keys = [(limit.name, digest_of(limit.name, whom), limit.since(now)) for limit, whom in counted]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH own AS (SELECT id FROM accounts_codecount"
            " WHERE (name, whom, since) IN"
            " (SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[]))"
            " ORDER BY name, whom FOR UPDATE)"
            " UPDATE accounts_codecount AS kept SET count = kept.count - 1"
            " FROM own WHERE kept.id = own.id AND kept.count > 0",
            [list(column) for column in zip(*keys, strict=True)],
        )


def exceeded(counted: Counted, *, now: datetime) -> list[Limit]:
    """The limits that are reached already. Counts nothing.

    For a request that another limit counts too; otherwise use `count_up` or `count_try`.
    """
    keys = {digest_of(limit.name, whom): limit for limit, whom in counted}
    rows = CodeCount.objects.filter(
        whom__in=keys, since__in={limit.since(now) for limit in keys.values()}
    )
    return [keys[row.whom] for row in rows if row.count >= keys[row.whom].max_count]


def tries_allowed(beyond: Iterable[Limit]) -> int:
    """How often a code may be tried, given the limits that wrong guesses exceeded."""
    names = {limit.name for limit in beyond}
    if not names:
        return TRIES_PER_CODE
    is_address_alone = names == {WRONG_ADDRESS_HOUR.name}
    return TRIES_BEYOND_ADDRESS_LIMIT if is_address_alone else TRIES_BEYOND_OTHER_LIMIT


def forget_counts(*, now: datetime) -> None:
    """Delete the counts of past periods."""
    CodeCount.objects.filter(since__lt=now - COUNTS_KEPT_FOR).delete()


def networks_of(client: str) -> tuple[str, str]:
    """The client's network and the wide network around it, as text.

    For IPv6 these are the /64, which one household has, and the /48 around it; for IPv4 the
    address itself and the /24 around it.
    """
    address = parse_address(client)
    if address is None:
        return "unknown", "unknown"
    prefix = WIDE_IPV4_PREFIX if address.version == 4 else WIDE_IPV6_PREFIX
    return network_for_limits(client), str(ip_network(f"{address}/{prefix}", strict=False))


def digest_of(about: str, text: str) -> str:
    """A keyed digest, so that nobody can read an address or a network from the table."""
    return salted_hmac("accounts.codes", f"{about}:{text}", algorithm="sha256").hexdigest()


def longest_wait(limits: Iterable[Limit], *, now: datetime) -> timedelta:
    """How long until the periods of all these limits are over."""
    return max(limit.left(now) for limit in limits)
