"""What a log line belongs to: the request, the brand, the user, the task.

Kept in context variables, so that threads and tasks don't see each other's. `config.logs` writes it
into every line.
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
    """Forget what an earlier request or task left here, and note what is known of the new one.

    `user_id` is asked when a line is written: who it is may be found out on the way, or never.
    """
    clear_contextvars()
    bind_contextvars(**known)
    _user_id.set(user_id)


def enter_brand(brand_id: int, slug: str) -> Token[Facts | None]:
    """From here on lines belong to this brand. `core.tenancy` calls it, and `leave_brand`."""
    return _brand.set({"brand_id": brand_id, **({"brand": slug} if slug else {})})


def leave_brand(token: Token[Facts | None], *, failed: bool) -> None:
    """Back to what was before. An error is logged further out, and belongs to the brand there."""
    if failed:
        bind_contextvars(**(_brand.get() or {}))
    _brand.reset(token)


def facts() -> Facts:
    """What a line that is written now belongs to."""
    user_id = _user_id.get()
    found = user_id() if user_id else None
    return {
        **get_contextvars(),
        **(_brand.get() or {}),
        **({"user_id": found} if found is not None else {}),
    }


def request_id() -> str:
    """The request that this is done for; empty when it is none."""
    return str(get_contextvars().get(REQUEST_ID, ""))
