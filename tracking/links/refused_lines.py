"""Find the lines of a batch that can't be stored as clicks, and keep them for the operator.

Python looks at each line, which is slow. It does so only when PostgreSQL refused a batch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from core.tenancy import across_brands
from tracking.links.click_lines import FIELDS, LENGTHS, NULL, microseconds
from tracking.models import ClickKind, Device, RefusedClicks, TrackingLink

KEPT_BYTES = 10_000_000  # of the lines of one batch
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_COUNTRY = re.compile(r"([A-Z]{2})?", re.ASCII)
_ESCAPE = re.compile(r"\\.")
_KNOWN = """
SELECT click_id FROM tracking_click WHERE click_id = ANY(%s)
  AND clicked_at BETWEEN %s AND %s AND brand_id IN
    (SELECT brand_id FROM tracking_trackinglink WHERE id = ANY(%s))
"""


def split(lines: bytes, *, since: datetime, until: datetime) -> tuple[bytes, dict[bytes, str]]:
    """Return the lines that can be stored, and the others with the reason why not.

    A line whose click is stored already, or stands in the batch before, is in neither.
    """
    good: dict[str, bytes] = {}
    refused: dict[bytes, str] = {}
    links: dict[str, int] = {}
    span = microseconds(since), microseconds(until)
    for line in lines.split(b"\n"):
        if not line:
            continue
        if reason := _reason(line, span):
            refused[line] = reason
            continue
        link_id, click_id, _ = line.decode().split("\t", 2)
        good.setdefault(click_id, line)
        links[click_id] = int(link_id)
    with across_brands(reason="a click's line names a link of any brand"):
        known = set(
            TrackingLink.objects.filter(pk__in=set(links.values())).values_list("pk", flat=True)
        )
    for click_id in [one for one in good if links[one] not in known]:
        refused[good.pop(click_id)] = "there is no such link"
    for click_id in _stored(list(good), sorted(known), since, until):
        del good[click_id]
    return b"".join(line + b"\n" for line in good.values()), refused


def keep_refused(batch: UUID, refused: Mapping[bytes, str], *, now: datetime) -> int:
    """Keep these lines of a batch, if there are any; return their number."""
    if not refused:
        return 0
    reason = next(iter(refused.values()))
    number = sum(line.rstrip(b"\n").count(b"\n") + 1 for line in refused)
    RefusedClicks.objects.create(
        batch=batch,
        reason=reason.partition("\n")[0][:300],
        number=number,
        lines=b"\n".join(refused)[:KEPT_BYTES],
        refused_at=now,
    )
    return number


def _stored(click_ids: list[str], links: list[int], since: datetime, until: datetime) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [click_ids, since, until, links])
        return {click_id for (click_id,) in cursor.fetchall()}


def _reason(line: bytes, span: tuple[int, int]) -> str:
    """Say in a few words what is wrong with a line; nothing for a good one."""
    try:
        parts = line.decode().split("\t")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if len(parts) != len(FIELDS):
        return f"it has {len(parts)} fields in place of {len(FIELDS)}"
    click = dict(zip(FIELDS, parts, strict=True))
    for name in ("link_id", "clicked_at", "visitor"):
        if not _INTEGER.fullmatch(click[name]) and (name, click[name]) != ("visitor", NULL):
            return f"{name} is not a number"
        if click[name] != NULL and not -(2**63) <= int(click[name]) < 2**63:
            return f"{name} is too large"
    if not span[0] <= int(click["clicked_at"]) <= span[1]:
        return "its time is too old, or ahead"
    return _wrong_text(click)


def _wrong_text(click: Mapping[str, str]) -> str:
    checks = {
        "click_id": bool(_CLICK_ID.fullmatch(click["click_id"])),
        "kind": click["kind"] in ClickKind.values,
        "device": click["device"] in Device.values,
        "country": bool(_COUNTRY.fullmatch(click["country"])),
        "returning": click["returning"] in {"t", "f", NULL},
    }
    for name, length in LENGTHS.items():
        text = _ESCAPE.sub("_", click[name])
        checks[name] = len(text) <= length and "\\" not in text and "\x00" not in text
    return next((f"{name} is wrong" for name, is_right in checks.items() if not is_right), "")
