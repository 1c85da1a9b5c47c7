"""Many at once, over real HTTP: the same order is the same conversion, whatever the timing."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models import Sum

from core.money import share
from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.amounts import amount
from tests.api.shop import ORDERS, REFUNDS, key_for
from tests.cast import Cast, raw_order, raw_refund
from tests.own_processes import MAX_WAIT_SECONDS
from tracking.models import Conversion, Order, OrderLine, Refund
from tracking.reconciliation.differences import differences

CODES = ("MARA15", "DIEGO10", "JUNE20")
ORDER_COUNT, ROUNDS = amount(100, soak=200), amount(2, soak=5)
THREADS, AT_ONCE = 50, 50
MAX_TRIES = 20  # of one request; each waits five seconds for a connection
RACES = amount(20, soak=60)

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """One kept connection of a shop to the live server, which is there before all begin."""

    def __init__(self, address: str, secret: str) -> None:
        self.connection = http.client.HTTPConnection(
            urlsplit(address).netloc, timeout=MAX_WAIT_SECONDS
        )
        self.connection.connect()
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}

    def send(self, path: str, body: Any) -> dict[str, Any]:
        """As a shop sends: again, when a busy machine answers 503, which keeps nothing."""
        for _ in range(MAX_TRIES):
            self.connection.request("POST", path, json.dumps(body), self.headers)
            answer = self.connection.getresponse()
            said = {"status": answer.status, **json.loads(answer.read())}
            if answer.status != 503:
                return said
        raise AssertionError(f"{MAX_TRIES} times 503: {said}")

    def close(self) -> None:
        self.connection.close()


def all_at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every job in a thread of its own, begun together; what each returned."""
    begin = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        begin.wait(timeout=MAX_WAIT_SECONDS)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_fifty_threads_leave_each_order_once(cast: Cast, live_server: Any) -> None:
    secret = key_for(cast.juniper)
    orders = [
        raw_order(str(number), promo_code=CODES[number % 3], amount=f"{10 + number}.35")
        for number in range(ORDER_COUNT)
    ]

    def poster(seed: int) -> Callable[[], Counter[tuple[str, int]]]:
        line = Line(live_server.url, secret)

        def post() -> Counter[tuple[str, int]]:
            mine, seen = list(orders), Counter[tuple[str, int]]()
            for _ in range(ROUNDS):
                random.Random(seed).shuffle(mine)
                for start in range(0, ORDER_COUNT, AT_ONCE):
                    answer = line.send(ORDERS, {"orders": mine[start : start + AT_ONCE]})
                    seen.update((row["order_id"], row["status"]) for row in answer["results"])
            line.close()
            return seen

        return post

    answers = Counter[tuple[str, int]]()
    for seen in all_at_once([poster(seed) for seed in range(THREADS)]):
        answers.update(seen)

    assert answers == {
        (order["order_id"], status): number
        for order in orders
        for status, number in ((201, 1), (200, THREADS * ROUNDS - 1))
    }
    expected = Counter[int]()
    for number in range(ORDER_COUNT):
        enrollment = (cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow)[number % 3]
        expected[enrollment.pk] += share((10 + number) * 100 + 35, 1_000)
    with acting_for(cast.juniper):
        assert Order.objects.count() == OrderLine.objects.count() == ORDER_COUNT
        assert Conversion.objects.count() == LedgerEntry.objects.count() == ORDER_COUNT
        assert expected == dict(
            LedgerEntry.objects.values_list("enrollment_id").annotate(Sum("amount_minor"))
        )
        assert list(differences(cast.juniper)) == []


def test_a_refund_at_the_moment_of_its_order_always_ends_applied(
    cast: Cast, live_server: Any
) -> None:
    secret = key_for(cast.juniper)
    together = Barrier(3)

    def sender(path: str, bodies: Sequence[dict[str, Any]]) -> Callable[[], list[int]]:
        line = Line(live_server.url, secret)

        def send() -> list[int]:
            statuses = []
            for body in bodies:
                together.wait(timeout=MAX_WAIT_SECONDS)
                statuses.append(line.send(path, body)["status"])
            line.close()
            return statuses

        return send

    orders = [raw_order(str(number)) for number in range(RACES)]
    refunds = [raw_refund(f"R{number}", str(number)) for number in range(RACES)]

    ordered, refunded, again = all_at_once(
        [sender(ORDERS, orders), sender(REFUNDS, refunds), sender(REFUNDS, refunds)]
    )

    assert ordered == [201] * RACES
    for pair in zip(refunded, again, strict=True):
        assert sorted(pair) in ([200, 201], [200, 202])
    with acting_for(cast.juniper):
        assert list(Refund.objects.values_list("state", flat=True)) == ["applied"] * RACES
        assert set(Conversion.objects.values_list("refunded_minor", "commission_minor")) == {
            (1_000, 742)
        }
        assert LedgerEntry.objects.aggregate(total=Sum("amount_minor")) == {"total": 742 * RACES}
        assert list(differences(cast.juniper)) == []
