"""Let granian's thread answer redirects, before they reach the event loop.

granian has a thread that takes each request and hands it to the event loop: as a coroutine, which
becomes a task, which the loop runs two turns later, after a byte through a socket has woken it. The
interpreter's lock goes from thread to thread and back for that. All of this costs twice as much as
a redirect itself. It has nothing to wait for, so the thread may as well answer.

The function that hands over is private to granian 2.8. tests/config/test_granian_thread.py fails
with a version that has none. The event loop would then answer redirects too, only later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from granian import _futures

AtOnce = Callable[[dict[str, Any], Callable[[dict[str, Any]], object]], bool]
Schedule = Callable[[Any], None]
logger = logging.getLogger(__name__)


def answer_first(at_once: AtOnce) -> None:
    """Ask `at_once` about each request that this process serves from now on.

    It is given the ASGI scope, and a function that sends an ASGI message when it is called. What it
    returns False for goes to the event loop. It is called in one thread, and must wait for nothing.
    To be called before granian listens: at the lifespan's startup.
    """
    usual: Callable[[Any, Any, Any], Schedule] = _futures._cbsched_aioschedule

    def with_at_once(loop: Any, context: Any, callback: Any) -> Schedule:
        return _schedule(at_once, usual(loop, context, callback))

    _futures._cbsched_aioschedule = with_at_once


def _schedule(at_once: AtOnce, hand_over: Schedule) -> Schedule:
    def schedule(request: Any) -> None:
        """Answer granian's request, or hand it over. granian expects no exception from here."""
        try:
            if at_once(request.scope, request.proto.send):
                request.done()
                return
        except Exception:
            logger.exception("A request was not answered at once.")
        hand_over(request)

    return schedule
