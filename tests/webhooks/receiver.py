"""A receiver of webhooks on this machine: the standardwebhooks library checks its signatures."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.integrations.stand_in import Reply, Sent, StandIn


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery whose signature was right."""

    message_id: str
    event: str
    target: str
    sequence: int
    data: dict[str, Any]
    at: float  # of time.monotonic()


class Receiver(StandIn):
    """Answers 200 to what is signed with `secret`, and 401 to all else."""

    def __init__(self, *, pause: float = 0.0) -> None:
        super().__init__()
        self.secret = ""
        self.checks_time = True  # else only the signature, as the sender's clock is another
        self.pause = pause
        self.received: list[Received] = []
        self.unsigned: list[Sent] = []  # whose signature was not right
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answer(self, sent: Sent) -> Reply:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.pause)
        try:
            return self._answer(sent)
        finally:
            with self._lock:
                self.at_once -= 1

    def _answer(self, sent: Sent) -> Reply:
        try:
            told = self._verified(sent)
        except WebhookVerificationError as error:
            self.unsigned.append(sent)
            return Reply(401, str(error).encode())
        data = told["data"]
        self.received.append(
            Received(
                sent.headers["webhook-id"], told["type"], data["id"], data["sequence"], data,
                time.monotonic(),
            )
        )  # fmt: skip
        return Reply(200, b"thanks")

    def _verified(self, sent: Sent) -> Any:
        hook = Webhook(self.secret)
        if self.checks_time:
            return hook.verify(sent.body, dict(sent.headers))
        at = datetime.fromtimestamp(int(sent.headers["webhook-timestamp"]), tz=UTC)
        signed = hook.sign(sent.headers["webhook-id"], at, sent.body.decode())
        if signed not in sent.headers["webhook-signature"].split():
            raise WebhookVerificationError("No matching signature found")
        return sent.json()

    def of_targets(self) -> dict[str, list[int]]:
        """The sequence numbers of each target as they first came."""
        found: dict[str, list[int]] = defaultdict(list)
        for one in list(self.received):
            if one.sequence not in found[one.target]:
                found[one.target].append(one.sequence)
        return found

    def out_of_sequence(self) -> dict[str, list[int]]:
        """Targets whose deliveries did not come one after another: their numbers as they came.

        It is for a receiver that was there from the first delivery on.
        """
        return {
            target: numbers
            for target, numbers in self.of_targets().items()
            if numbers != [*range(1, len(numbers) + 1)]
        }
