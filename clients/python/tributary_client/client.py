"""The client: every operation of the API as a method."""

from __future__ import annotations

from types import TracebackType

from tributary_client.nouns import Nouns
from tributary_client.sending import Sending


class Client(Sending, Nouns):
    """`key` is an API key, `address` that of the product ("https://tracking.example.com").

    A request is tried up to `tries` times when no answer comes or the server is busy; `timeout` is
    the seconds of each try. Methods raise ApiError when a request is refused, Unreachable, and
    UnreadableAnswerError when something else than the API answers.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
