"""What reading every noun needs: ids that lead to rows, pages with cursors, parts shown whole."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from pydantic import BaseModel

from api.problems import NOT_FOUND, ApiError, invalid
from api.schemas.parts import Asked, AskedPage, Page
from core.keyset_pagination import Position, rows_after
from core.money import Money, MoneyError, UnknownCurrencyError
from core.public_ids import IdKind, public_id, row_id_in
from core.tenancy import current_brand_id
from tracking.orders.facts import FieldProblem

M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=BaseModel)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NONCE_BYTES = 12
NOT_OF_FILTER = {"cursor", "limit", "expand"}
INVALID_CURSOR = "is not a cursor of this list with these filters: begin again without it"


def shown_id(kind: IdKind, row_id: int) -> str:
    """Return the id of a row of the brand acted for."""
    return public_id(kind, brand_id=current_brand_id(), row_id=row_id)


def shown_id_or_none(kind: IdKind, row_id: int | None) -> str | None:
    return None if row_id is None else shown_id(kind, row_id)


def row_at(kind: IdKind, text: str, rows: QuerySet[M]) -> M:
    """Return the row that the address names. Raises ApiError (404)."""
    found = rows.filter(pk=row_id_at(kind, text)).first()
    if found is None:
        raise NOT_FOUND
    return found


def minor_in(amount: str, currency: str, *, field: str = "amount") -> int:
    """Return the minor units of an amount that was sent. Raises ApiError (422)."""
    try:
        return Money.exact(amount, currency).minor
    except MoneyError as error:
        name = "currency" if isinstance(error, UnknownCurrencyError) else field
        raise invalid([FieldProblem(name, "refused", str(error))]) from error


def row_id_at(kind: IdKind, text: str) -> int:
    """Return the number of the row that the address names. Raises ApiError (404)."""
    row_id = row_id_in(kind, text, brand_id=current_brand_id())
    if row_id is None:
        raise NOT_FOUND
    return row_id


def row_id_named(kind: IdKind, text: str, *, field: str) -> int:
    """Return the number of the row that a field names. Raises ApiError (422)."""
    row_id = row_id_in(kind, text, brand_id=current_brand_id())
    if row_id is None:
        raise invalid([unknown_row(field, text)])
    return row_id


def row_named(kind: IdKind, text: str, rows: QuerySet[M], *, field: str) -> M:
    """Return the row that a field names. Raises ApiError (422)."""
    found = rows.filter(pk=row_id_named(kind, text, field=field)).first()
    if found is None:
        raise invalid([unknown_row(field, text)])
    return found


def rows_named(kind: IdKind, texts: Sequence[str], rows: QuerySet[M], *, field: str) -> list[M]:
    """Return the rows that a list of ids names, in its order. Raises ApiError (422)."""
    ids = [row_id_named(kind, text, field=f"{field}.{place}") for place, text in enumerate(texts)]
    found = rows.in_bulk(ids)
    missing = [
        unknown_row(f"{field}.{place}", text)
        for place, (text, row_id) in enumerate(zip(texts, ids, strict=True))
        if row_id not in found
    ]
    if missing:
        raise invalid(missing)
    return [found[row_id] for row_id in dict.fromkeys(ids)]


def ids_named(kind: IdKind, texts: Sequence[str], rows: QuerySet[Any], *, field: str) -> list[int]:
    """Return the numbers of the rows that a list of ids names. Raises ApiError (422)."""
    return [row.pk for row in rows_named(kind, texts, rows, field=field)]


def filter_id(kind: IdKind, asked: BaseModel, field: str) -> int | None:
    """Return the number of the row that a filter names; None without it. Raises ApiError (422)."""
    text = getattr(asked, field)
    return row_id_named(kind, text, field=field) if text else None


def unknown_row(field: str, text: str) -> FieldProblem:
    return FieldProblem(field, "unknown_id", f"there is no {text[:60]} of this kind")


def expanded(asked: Asked, *allowed: str) -> frozenset[str]:
    """Return what the query asks to show whole. Raises ApiError (422)."""
    wanted = frozenset(filter(None, asked.expand.split(",")))
    for name in sorted(wanted - set(allowed)):
        may = f"only {', '.join(allowed)} can be" if allowed else "nothing can be"
        message = f"{name[:60]} can't be shown whole here: {may}"
        raise invalid([FieldProblem("expand", "not_expandable", message)])
    return wanted


def linked(
    kind: IdKind,
    is_whole: bool,
    row_ids: Iterable[int | None],
    shown: Callable[[Collection[int]], Mapping[int, S]],
) -> Callable[[int], str | S]:
    """Return a function from a row's number to its id, or to the whole of it."""
    if not is_whole:
        return lambda row_id: shown_id(kind, row_id)
    found = shown({row_id for row_id in row_ids if row_id is not None})
    return lambda row_id: found[row_id]


def by_number(rows: Sequence[M], show: Callable[[Sequence[M]], list[S]]) -> dict[int, S]:
    """Return what is shown of each row, by the row's number."""
    return {row.pk: shown for row, shown in zip(rows, show(rows), strict=True)}


def page_of(
    request: HttpRequest,
    asked: AskedPage,
    rows: QuerySet[M],
    *,
    column: str,
    show: Callable[[Sequence[M]], list[S]],
) -> Page[S]:
    """Return the page of a list that the query asks for, by a time column and the id.

    One query reads its rows. Raises ApiError (422) for a cursor of another list.
    """
    if asked.created_since:
        rows = rows.filter(**{f"{column}__gte": asked.created_since})
    if asked.created_before:
        rows = rows.filter(**{f"{column}__lt": asked.created_before})
    filters = asked.model_dump(mode="json", exclude=NOT_OF_FILTER)
    own = _own_data(request.path, filters, current_brand_id())
    position = _read_cursor(asked.cursor, own) if asked.cursor else None
    found = rows_after(rows, position, column=column, limit=asked.limit + 1)
    listed = found[: asked.limit]
    cursor = None
    if len(found) > asked.limit:
        last = listed[-1]
        cursor = _cursor(Position(getattr(last, column), last.pk), own)
    return Page(data=show(listed), next_cursor=cursor)


def page_after(
    request: HttpRequest,
    asked: BaseModel,
    find: Callable[[int | None, int], dict[int, S]],
    *,
    limit: int,
    cursor: str,
) -> Page[S]:
    """Return the page of a list by number, the highest first.

    `find` gets the number before the page and how many to find. Raises ApiError (422).
    """
    filters = asked.model_dump(mode="json", exclude=NOT_OF_FILTER)
    own = _own_data(request.path, filters, current_brand_id())
    found = find(_read_cursor(cursor, own).pk if cursor else None, limit + 1)
    numbers = list(found)[:limit]
    more = _cursor(Position(EPOCH, numbers[-1]), own) if len(found) > limit else None
    return Page(data=[found[number] for number in numbers], next_cursor=more)


def _own_data(path: str, filters: Mapping[str, Any], brand_id: int) -> bytes:
    told = json.dumps([brand_id, path, filters], sort_keys=True)
    return hashlib.sha256(told.encode()).digest()


def _cursor(position: Position, own: bytes) -> str:
    micros = (position.moment - EPOCH) // timedelta(microseconds=1)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _seal(settings.PUBLIC_ID_KEY).encrypt(nonce, f"{micros}.{position.pk}".encode(), own)
    return _as_text(nonce + sealed)


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_cursor(cursor: str, own: bytes) -> Position:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if _as_text(raw) != cursor:  # base64 ignores the last bits, so other text has these bytes
            raise _invalid_cursor()
        plain = _seal(settings.PUBLIC_ID_KEY).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], own)
    except (ValueError, InvalidTag):
        raise _invalid_cursor() from None
    micros, _, pk = plain.decode().partition(".")
    return Position(EPOCH + timedelta(microseconds=int(micros)), int(pk))


def _invalid_cursor() -> ApiError:
    return invalid([FieldProblem("cursor", "invalid_cursor", INVALID_CURSOR)])


@cache
def _seal(key: str) -> AESGCM:
    return AESGCM(hmac.digest(key.encode(), b"tributary.cursor", "sha256"))
