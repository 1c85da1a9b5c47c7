"""When a mail of every day, week or month goes: in the morning, in the brand's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(8)


def morning_of(day: date, zone: ZoneInfo) -> datetime:
    """Return MORNING of the day."""
    return datetime.combine(day, MORNING, tzinfo=zone)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the first MORNING after `now`."""
    today = now.astimezone(zone).date()
    morning = morning_of(today, zone)
    return morning if morning > now else morning_of(today + timedelta(days=1), zone)
