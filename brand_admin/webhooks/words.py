"""Endpoints in words: their state, what they receive, and what staff should know of them."""

from __future__ import annotations

from dataclasses import dataclass

from webhooks.events import title_of
from webhooks.models import Endpoint, EndpointState
from webhooks.selectors import EndpointHealth

TONES = {
    EndpointState.ON: "good",
    EndpointState.OFF: "neutral",
    EndpointState.DISABLED: "bad",
}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint with its numbers."""

    health: EndpointHealth

    @property
    def endpoint(self) -> Endpoint:
        return self.health.endpoint

    @property
    def state(self) -> str:
        if self.is_failing:
            return "On, but failing"
        return str(EndpointState(self.endpoint.state).label)

    @property
    def tone(self) -> str:
        return "wait" if self.is_failing else TONES[EndpointState(self.endpoint.state)]

    @property
    def is_failing(self) -> bool:
        return self.endpoint.is_on and self.endpoint.failing_since is not None

    @property
    def receives(self) -> str:
        """How much it receives: "All events", "3 events"."""
        number = len(self.endpoint.events)
        if not number:
            return "All events"
        return "1 event" if number == 1 else f"{number} events"

    @property
    def titles(self) -> list[tuple[str, str]]:
        """The chosen events with what they say; none for all."""
        return [(one, title_of(one)) for one in self.endpoint.events]
