"""Send what is due: one process for all brands, with many calls at a time in threads.

The process's main thread alone uses the database: it makes deliveries of new entries, claims those
that are due, and records what came of each call. Threads only call. A process that is killed loses
its place within seconds, and each delivery that it held when its lease ends: that one is sent
again, so a receiver gets each event at least once.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from core.outgoing import Caller, NoAnswerError
from core.postgres.outages import defects_logged
from core.sealing import SealError
from core.tenancy import across_brands, acting_for
from webhooks.dispatching import dispatch_waiting
from webhooks.models import Delivery
from webhooks.outcomes import ANSWER_BYTES, Finished, Outcome, record_outcomes, retry_after_of
from webhooks.queue import Place, claim_due, keep_place, leave_place, take_place
from webhooks.signing import live_secrets, signed_headers
from webhooks.waking import wake_sender

CALL_SECONDS = 10.0
CALLS_AT_ONCE = 32
SLOW_CALLS_AT_ONCE = 16  # to endpoints that fail or are slow; part of CALLS_AT_ONCE
SLICE_LENGTH = timedelta(seconds=20)  # then other work goes first
POLL_SECONDS = 0.2
GATHER_SECONDS = 0.01  # after a call has ended, for others to be recorded together with it
KEEP_PLACE_EVERY = timedelta(seconds=1)
UNREADABLE = "could not be called: its secret can't be decrypted. Make a new one"
DEFECT = "could not be called because of a defect on our side"
Clock = Callable[[], datetime]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt that is under way."""

    delivery_id: int
    endpoint_id: int
    brand_id: int
    token: uuid.UUID
    is_slow: bool


@dataclass(slots=True)
class _Callers:
    """A Caller for each thread, kept for as long as the threads live."""

    local: threading.local = field(default_factory=threading.local)
    all: list[Caller] = field(default_factory=list)

    def mine(self) -> Caller:
        caller: Caller | None = getattr(self.local, "caller", None)
        if caller is None:
            caller = self.local.caller = Caller(seconds=CALL_SECONDS)
            self.all.append(caller)
        return caller

    def close(self) -> None:
        for one in self.all:
            one.__exit__(None, None, None)


def sweep(*, clock: Clock = timezone.now) -> int:
    """Send what is due for one slice of time; return the number of attempts.

    Called by beat each second, and by messages. If another process does it already, or there is
    nothing to do, it returns at once.
    """
    place = take_place(now=clock())
    return _Sending(place, clock).run() if place is not None else 0


class _Sending:
    def __init__(self, place: Place, clock: Clock) -> None:
        self.place: Place | None = place
        self.clock = clock
        self.under_way: dict[Future[Outcome], Call] = {}
        self.callers = _Callers()
        self.attempts = 0
        self.kept_at = clock()
        self.ends_at = self.kept_at + SLICE_LENGTH
        self.threads: ThreadPoolExecutor | None = None

    def run(self) -> int:
        """Begin calls until the slice is over, and wait for those under way without the place."""
        try:
            while True:
                if self._keeps_place():
                    dispatch_waiting(now=self.clock())
                    self._begin_due()
                if not self.under_way:
                    return self.attempts
                self._record_done()
        finally:
            self._leave_place()
            if self.threads is not None:
                self.threads.shutdown(wait=not self.under_way, cancel_futures=True)
            if not self.under_way:
                self.callers.close()

    def _keeps_place(self) -> bool:
        """Whether new calls may begin. At the end of the slice another process takes over."""
        now = self.clock()
        if self.place is not None and now >= self.ends_at:
            self._leave_place()
            wake_sender()
        elif self.place is not None and now - self.kept_at >= KEEP_PLACE_EVERY:
            self.kept_at = now
            if not keep_place(self.place, now=now):
                self.place = None
        return self.place is not None

    def _leave_place(self) -> None:
        if self.place is not None:
            leave_place(self.place)
            self.place = None

    def _begin_due(self) -> None:
        """Fill the free threads: slow endpoints first, which can't take more than their part."""
        slow_ones = sum(one.is_slow for one in self.under_way.values())
        for is_slow in (True, False):
            free = CALLS_AT_ONCE - len(self.under_way)
            if is_slow:
                free = min(free, SLOW_CALLS_AT_ONCE - slow_ones)
            calls = [one.endpoint_id for one in self.under_way.values()]
            claimed = claim_due(is_slow=is_slow, free=free, calls=calls, now=self.clock())
            if claimed.ids:
                self._begin(claimed.ids, claimed.token, is_slow=is_slow)

    def _begin(self, ids: list[int], token: uuid.UUID, *, is_slow: bool) -> None:
        with across_brands(reason="deliveries of all brands are sent by one process"):
            rows = Delivery.objects.select_related("endpoint").in_bulk(ids)
        for pk in ids:
            row = rows.get(pk)
            if row is None or not row.endpoint.is_on:
                continue  # it was deleted or turned off just now: its lease ends by itself
            call = Call(pk, row.endpoint_id, row.brand_id, token, is_slow)
            now = self.clock()
            try:
                secrets = live_secrets(row.endpoint, now=now)
                headers = signed_headers(row.message_id, row.body, secrets=secrets, now=now)
            except (SealError, ValueError):  # ValueError: no base64
                self._record([(call, Outcome(at=now, milliseconds=0, error=UNREADABLE))])
                continue
            self.under_way[self._submit(row.endpoint.address, headers, row.body)] = call

    def _submit(self, address: str, headers: Mapping[str, str], body: str) -> Future[Outcome]:
        if self.threads is None:
            self.threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="webhook")
        return self.threads.submit(self._call, address, headers, body.encode())

    def _call(self, address: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        return post(self.callers.mine(), address, headers, body, clock=self.clock)

    def _record_done(self) -> None:
        """Record the calls that have ended; those to one endpoint in one transaction."""
        wait(self.under_way, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        wait(self.under_way, timeout=GATHER_SECONDS)
        done = [one for one in self.under_way if one.done()]
        self._record([(self.under_way.pop(one), one.result()) for one in done])

    def _record(self, ended: Sequence[tuple[Call, Outcome]]) -> None:
        by_endpoint: dict[tuple[int, int], list[Finished]] = {}
        for call, outcome in ended:
            finished = Finished(call.delivery_id, call.token, outcome)
            by_endpoint.setdefault((call.brand_id, call.endpoint_id), []).append(finished)
        for (brand_id, endpoint_id), finished_calls in by_endpoint.items():
            with acting_for(brand_id):
                self._record_of(endpoint_id, finished_calls)
        self.attempts += len(ended)

    def _record_of(self, endpoint_id: int, finished: Sequence[Finished]) -> None:
        """After a defect the leases end, and it is tried again."""
        with defects_logged(logger, "attempts at endpoint %s could not be recorded", endpoint_id):
            record_outcomes(endpoint_id=endpoint_id, finished=finished, now=self.clock())


def post(
    caller: Caller, address: str, headers: Mapping[str, str], body: bytes, *, clock: Clock
) -> Outcome:
    """Send one body, and wait for an answer for CALL_SECONDS. Never raises."""
    at, begun = clock(), time.monotonic()
    plain = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    try:
        answer = caller.send(
            "POST", address, headers={**plain, **headers}, content=body, wanted_bytes=ANSWER_BYTES
        )
        asked = retry_after_of(answer.headers, now=at)
    except NoAnswerError as error:
        return Outcome(at=at, milliseconds=_since(begun), error=str(error))
    except Exception:
        logger.exception("a webhook could not be sent")
        return Outcome(at=at, milliseconds=_since(begun), error=DEFECT)
    return Outcome(
        at=at,
        milliseconds=_since(begun),
        status=answer.status,
        answer=answer.body,
        retry_after=asked,
    )


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1_000)
