"""A receiver of webhooks that fails in every way but 410, which would end the sending."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.integrations.stand_in import Fault, Reply, Sent
from tests.webhooks.receiver import Receiver

QUICK_FAULTS = (
    Fault(Reply(500)),
    Fault(Reply(429, headers={"Retry-After": "1"})),
    Fault(Reply(302, headers={"Location": "http://10.0.0.1/"})),
    Fault(drops=True),
    Fault(resets=True),
    Fault(is_endless=True),
    Fault(drips=True),
)
# The sender waits for an answer as long as it waits for any.
ALL_FAULTS = (*QUICK_FAULTS, Fault(stalls=True))


class FailingReceiver(Receiver):
    """Uses up `faults`, and fails a `share` of the other requests in some way."""

    def __init__(self, chance: Random, *, share: float = 0.0, pause: float = 0.0) -> None:
        super().__init__(pause=pause)
        self.chance, self.share = chance, share
        self.failed: Counter[str] = Counter()

    def fault_of(self, sent: Sent) -> Fault | None:
        fault = super().fault_of(sent)
        if fault is None and self.chance.random() < self.share:
            fault = self.chance.choice(ALL_FAULTS)
        if fault is None:
            return None
        # Their status is 200: the receiver has the delivery, whatever its body is.
        if (fault.is_endless or fault.drips) and self.answer(sent).status != 200:
            return None
        self.failed[str(fault)] += 1
        return fault
