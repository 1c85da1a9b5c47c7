"""Show the developers of a shop their last requests to the API, and what was answered.

A request only notes what it was. A thread of the web process stores the notes of about a second
with one INSERT for each brand, or of five while a brand sends more than is kept of it: then its
last ones are noted, and to store others each second would take a tenth of the process's time. A
process that is killed loses at most those: they are for reading, and nothing depends on them.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from accounts.api_requests import keep_requests
from accounts.models import KEPT_REQUESTS, MAX_BODY_CHARACTERS, ApiKey, ApiRequest
from api.authentication import known_key, refused_key_of
from core.redaction import redact
from integrations.masking import MASK, TOO_DEEP, masked, without_mail_addresses

PAUSE_SECONDS = 1.0  # in which notes are gathered
BUSY_PAUSE_SECONDS = 5.0  # while a brand sends more than is kept of it
MAX_BRANDS = 1_000  # with notes at the same time
MAX_ITEMS = 3  # of a list that are shown
MAX_READ_BYTES = 128 * 1024  # of an answer; a longer one is not shown
MAX_BODY_BYTES = 2_000  # of what is stored of a body
SHORTEST_SECRET = 16  # characters: shorter texts are not searched for secrets
NOT_JSON = "A body of {:,} bytes that is not JSON."
NOT_READ = "A body of {:,} bytes, which was not read."
TOO_LONG = "An answer of {:,} bytes."
OF_A_SHOPPER = re.compile(r"(?i)customer(_id|_ref|_email)?")
NOT_AUTHENTICATED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)  # no view saw the key
MALFORMED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
View = Callable[..., HttpResponseBase]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """A request and its answer. `sent` is the JSON of the body, if the request had one."""

    key: ApiKey
    received_at: datetime
    method: str
    path: str
    status: int
    seconds: float
    sent: Any
    sent_bytes: int
    answered: bytes
    why_refused: str = ""  # where the answer does not say it


class More(str):
    """Stands at the end of a list that was cut."""

    __slots__ = ()


class RequestLog:
    """The notes that wait to be stored, by brand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[int, deque[Note]] = {}
        self._has_notes = threading.Event()

    def add(self, note: Note) -> None:
        with self._lock:
            notes = self._notes.get(note.key.brand_id)
            if notes is None and len(self._notes) < MAX_BRANDS:
                notes = self._notes[note.key.brand_id] = deque(maxlen=KEPT_REQUESTS)
            if notes is not None:
                notes.append(note)
        self._has_notes.set()

    def store(self) -> bool:
        """Store all notes, with one INSERT for each brand. What fails of one fails of no other.

        Returns whether a brand sent as many as are kept of it, or more.
        """
        self._has_notes.clear()
        with self._lock:
            notes, self._notes = self._notes, {}
        for brand_id, listed in notes.items():
            try:
                keep_requests(brand_id=brand_id, requests=[_row(note) for note in listed])
            except Error as error:
                logger.warning("requests to the API were not noted: %s", error)
            except Exception:
                logger.exception("requests to the API were not noted")
        return any(len(listed) == KEPT_REQUESTS for listed in notes.values())

    def forget(self) -> None:
        with self._lock:
            self._notes.clear()

    def start(self) -> None:
        """Store notes in a thread, until the process ends."""
        threading.Thread(target=self._run, name="requests to the API", daemon=True).start()

    def _run(self) -> None:
        is_busy = False
        while True:
            self._has_notes.wait()
            time.sleep(BUSY_PAUSE_SECONDS if is_busy else PAUSE_SECONDS)
            try:
                is_busy = self.store()
            finally:
                connection.close()


REQUESTS = RequestLog()


def noted(view: View) -> View:
    """Note the requests to a view of the API that have a key we know."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        begun = time.perf_counter()
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponse):
            _note(request, response, time.perf_counter() - begun)
        return response

    return answer


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    key, why_refused = getattr(request, "auth", None), ""
    if key is None and response.status_code in NOT_AUTHENTICATED:
        key = known_key(request)
    if not isinstance(key, ApiKey):
        key, why_refused = refused_key_of(request)
    if key is None:
        return
    length = request.META.get("CONTENT_LENGTH") or "0"
    REQUESTS.add(
        Note(
            key=key,
            received_at=timezone.now(),
            method=str(request.method),
            path=request.path,
            status=response.status_code,
            seconds=seconds,
            sent=beginning(getattr(request, "sent_json", None)),
            sent_bytes=int(length) if length.isdecimal() else 0,
            answered=response.content,
            why_refused=why_refused,
        )
    )


def beginning(sent: Any) -> Any:
    """The body without most of a long batch, so that the note does not hold all of it."""
    if not isinstance(sent, Mapping):
        return sent
    return {name: _few(one) if isinstance(one, list) else one for name, one in sent.items()}


def _few(listed: list[Any]) -> list[Any]:
    """The first items of a list, those with errors before others, and how many more there are."""
    more = len(listed) - MAX_ITEMS
    if more <= 0 or isinstance(listed[-1], More):
        return listed
    refused = [one for one in listed if isinstance(one, dict) and "problem" in one]
    others = [one for one in listed if not (isinstance(one, dict) and "problem" in one)]
    return [*[*refused, *others][:MAX_ITEMS], More(f"… and {more:,} more")]


def _row(note: Note) -> ApiRequest:
    answer = _json(note.answered)
    is_problem = note.status >= 400 and isinstance(answer, dict)
    detail = note.why_refused or (str(answer.get("detail", "")) if is_problem else "")
    return ApiRequest(
        key=note.key,
        received_at=note.received_at,
        method=note.method[:10],
        path=_text(note.path)[:500],
        status=note.status,
        milliseconds=round(note.seconds * 1_000),
        code=str(answer.get("code", ""))[:60] if is_problem else "",
        detail=_text(detail)[:1_000],
        sent=_sent(note),
        answered=_shown(answer) if answer is not None else TOO_LONG.format(len(note.answered)),
    )


def _sent(note: Note) -> str:
    if note.sent is not None:
        return _shown(note.sent)
    words = NOT_JSON if note.status in MALFORMED else NOT_READ
    return words.format(note.sent_bytes) if note.sent_bytes else ""


def _json(body: bytes) -> Any:
    if len(body) > MAX_READ_BYTES:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _shown(value: Any) -> str:
    """JSON without what is personal or secret, as far as there is space for it."""
    try:
        text = json.dumps(_without_people(masked(_short(value))), indent=1, ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP
    whole = text.replace("\0", "").encode(errors="replace")
    if len(whole) <= MAX_BODY_BYTES:
        return whole.decode()
    return f"{whole[:MAX_BODY_BYTES].decode(errors='ignore')}\n…"[:MAX_BODY_CHARACTERS]


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _short(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in _few(value)]
    return str(value) if isinstance(value, Decimal) else value


def _without_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            _text(name): MASK if OF_A_SHOPPER.fullmatch(name) and one else _without_people(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_people(one) for one in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """A text that can be stored, without mail addresses and secrets."""
    plain = without_mail_addresses(text)
    plain = redact(plain) if len(plain) >= SHORTEST_SECRET else plain
    return plain.replace("\0", "").encode(errors="replace").decode()
