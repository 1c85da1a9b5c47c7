"""The context of a log line: the request, the brand, the user, the task.

It is in context variables, so each thread and task has its own. `config.logs` adds it to every
line.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

REQUEST_ID = "request_id"
Facts = dict[str, Any]
_brand: ContextVar[Facts | None] = ContextVar("logged_brand", default=None)
_user_id: ContextVar[Callable[[], Any] | None] = ContextVar("logged_user_id", default=None)


def begin(*, user_id: Callable[[], Any] | None = None, **known: Any) -> None:
    """Replace the context of the earlier request or task with that of the new one.

    `user_id` is called for each line, because the user may become known during the request.
    """
    clear_contextvars()
    bind_contextvars(**known)
    _user_id.set(user_id)


def enter_brand(brand_id: int, slug: str) -> Token[Facts | None]:
    """Add the brand to the context. `core.tenancy` calls this and `leave_brand`."""
    return _brand.set({"brand_id": brand_id, **({"brand": slug} if slug else {})})


def leave_brand(token: Token[Facts | None], *, failed: bool) -> None:
    """Restore the earlier brand. After an error, lines keep the failed brand."""
    if failed:
        bind_contextvars(**(_brand.get() or {}))
    _brand.reset(token)


def facts() -> Facts:
    """Return the current context."""
    user_id = _user_id.get()
    found = user_id() if user_id else None
    return {
        **get_contextvars(),
        **(_brand.get() or {}),
        **({"user_id": found} if found is not None else {}),
    }


def request_id() -> str:
    """Return the id of the current request; "" outside of a request."""
    return str(get_contextvars().get(REQUEST_ID, ""))
