"""Read the JSON body of a request: one item, or a batch of bounded size.

A number with a point becomes a Decimal, so that amounts are exact. 2.0 and 2e0 are the whole number
2, as in JSON Schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException
from ninja.parser import Parser

from api.problems import TOO_LARGE, ApiError, invalid
from core.text import UNSTORABLE, unknown_name
from tracking.orders.facts import MAX_PROBLEMS, FieldProblem

MAX_BATCH_ITEMS = 500
DEFAULT_SOURCE = "api"
MAX_NUMBER_DIGITS = 30  # a longer whole number is a Decimal too
MAX_NAME = 60  # characters of a key that an answer names
HALF_A_PAIR = re.compile(rb"(?i)\\ud[89a-f]")  # as JSON writes it; two of them are one character
SOURCE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Batch:
    """The raw items of one source. `is_single` when the body was one item without a list."""

    items: list[Any]
    source: str
    is_single: bool


def batch_of(sent: Any, *, many: str) -> Batch:
    """Return one object, or the objects listed under the key `many`. Raises ApiError."""
    _check_object(sent)
    source = _source(sent)
    if many not in sent:
        return Batch([sent], source, is_single=True)
    unknown = [name for name in sent if name not in {many, "source"}]
    if unknown:
        raise invalid(
            [
                FieldProblem(name[:MAX_NAME], "unknown_field", unknown_name(name, [many, "source"]))
                for name in unknown[:MAX_PROBLEMS]
            ]
        )
    items = sent[many]
    if not isinstance(items, list) or not items:
        raise invalid([FieldProblem(many, "missing", "must be a list of at least one item")])
    if len(items) > MAX_BATCH_ITEMS:
        message = f"{len(items)} items are too many: send {MAX_BATCH_ITEMS} or fewer at once"
        raise invalid([FieldProblem(many, "too_many", message)])
    return Batch(items, source, is_single=False)


def one_of(sent: Any, *, identity: str, source: str, name: str) -> Batch:
    """Return one object, of the source and with the id that its address has. Raises ApiError."""
    _check_object(sent)
    in_address = {"source": source, identity: name}
    for field, value in in_address.items():
        if str(sent.get(field, value)) != value:
            message = f"{sent[field]!r} is not {value}, which the address names"
            raise invalid([FieldProblem(field, "not_the_addressed", message)])
    return Batch([{**sent, **in_address}], _source(in_address), is_single=True)


def read_object(request: HttpRequest, *, also: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Return the JSON object of the body. Raises ApiError, as `read_json` does."""
    sent = read_json(request, also=also)
    _check_object(sent)
    return cast("Mapping[str, Any]", sent)


def _check_object(sent: Any) -> None:
    if not isinstance(sent, Mapping):
        raise invalid([FieldProblem("body", "not_an_object", "is not a JSON object")])


def read_json(request: HttpRequest, *, also: tuple[str, ...] = ()) -> Any:
    """Return the JSON of the body. Raises ApiError: 415, 413, or 400 with line and column.

    `also` are other types that it may be sent as.
    """
    if request.content_type not in ("application/json", *also):
        raise ApiError(
            415,
            "not_json",
            "The body must be JSON. Send the header Content-Type: application/json.",
        )
    try:
        read = parse_json(request.body)
    except RequestDataTooBig:
        raise TOO_LARGE from None
    except RawPostDataException:
        raise _malformed("the body could not be read", line=1, column=1) from None
    request.sent_json = read  # type: ignore[attr-defined]  # for api.request_log
    return read


def parse_json(body: bytes) -> Any:
    """Return the JSON of a body. Raises ApiError: 400 with line and column."""
    try:
        return json.loads(
            body.decode(),
            parse_int=_whole_number,
            parse_float=_decimal_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise _malformed("not UTF-8", line=before.count(b"\n") + 1, column=column) from None
    except json.JSONDecodeError as error:
        raise _malformed(error.msg, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _malformed("nested too deeply", line=1, column=1) from None


class BodyParser(Parser):
    """Reads the bodies that schemas describe, as `read_json` reads all others."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The JSON of the body. Raises ApiError, also for a text that PostgreSQL can't store."""
        read = read_json(request)
        if HALF_A_PAIR.search(request.body):
            problems = [
                FieldProblem(path or "body", "not_text", "contains an invalid character")
                for path in _unstorable(read)
            ]
            if problems:
                raise invalid(problems[:MAX_PROBLEMS])
        return read


def _unstorable(read: Any) -> Iterator[str]:
    """The paths of texts and keys that no column takes. JSON may be nested deeply: no recursion."""
    left = [("", read)]
    while left:
        path, value = left.pop()
        if isinstance(value, str) and UNSTORABLE.search(value):
            yield path
        parts: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
        parts = enumerate(value) if isinstance(value, list) else parts
        for name, one in parts:
            plain = UNSTORABLE.sub("\ufffd", str(name)[:MAX_NAME])
            inside = f"{path}.{plain}" if path else plain
            if plain != str(name)[:MAX_NAME]:
                yield inside
            left.append((inside, one))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key once: of two values nobody knows which one is meant (RFC 8259 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                message = "stands twice in one object"
                raise invalid([FieldProblem(key[:MAX_NAME], "duplicate", message)])
            seen.add(key)
    return found


def _whole_number(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_NUMBER_DIGITS else Decimal(digits)


def _decimal_number(text: str) -> int | Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent has 19 digits or more
        return Decimal("Infinity")
    if not number:
        return 0
    _sign, digits, exponent = number.as_tuple()
    has_no_fraction = isinstance(exponent, int) and (exponent >= 0 or not any(digits[exponent:]))
    return int(number) if has_no_fraction and number.adjusted() < MAX_NUMBER_DIGITS else number


def _malformed(reason: str, *, line: int, column: int) -> ApiError:
    return ApiError(
        400,
        "malformed_json",
        f"The body is not JSON: {reason} in line {line}, column {column}.",
        problems=[
            FieldProblem("body", "malformed_json", f"{reason} in line {line}, column {column}")
        ],
        more={"line": line, "column": column},
    )


def _source(sent: Mapping[str, Any]) -> str:
    source = sent.get("source", DEFAULT_SOURCE)
    if not isinstance(source, str) or not SOURCE.fullmatch(source):
        message = "must be a short name of a-z, 0-9, hyphen and underscore"
        raise invalid([FieldProblem("source", "not_a_source", message)])
    return source
