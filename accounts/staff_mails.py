"""Choose the mails that one of the staff gets about a brand, and find whose mail is due.

Each mail is claimed before it is sent, by the time of the last one: of two processes one sends it.
A process that is killed in between has sent none, and the next one comes when it is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Digest, ReportEvery, Staff
from core.languages import ENGLISH
from core.mornings import morning_of, next_morning
from core.tenancy import across_brands
from core.transactional_mail import Attachment, TransactionalMailError, send_transactional_mail

# Of two digests that are mailed at once: what happens in between is in the later one.
SHORTEST_PAUSE = timedelta(minutes=10)


def choose_staff_mails(*, staff: Staff, digest: Digest, report: ReportEvery, now: datetime) -> None:
    """Mail this person digests and reports so often. A new choice begins with what is new."""
    with transaction.atomic():
        row = Staff.objects.select_for_update().get(pk=staff.pk)
        if row.digest != digest:
            row.digest, row.digest_at, row.digest_counts = digest, now, {}
        if row.report != report:
            row.report, row.report_at = report, now
        row.save(update_fields=["digest", "digest_at", "digest_counts", "report", "report_at"])


def digests_due(*, now: datetime) -> list[Staff]:
    """Return the staff of all brands whom a digest may go to now, by brand."""
    return [one for one in _all_but(digest=Digest.NEVER) if _is_digest_due(one, now=now)]


def reports_due(*, now: datetime) -> list[Staff]:
    """Return the staff of all brands whom a report goes to now, by brand and how often."""
    found = [one for one in _all_but(report=ReportEvery.NEVER) if _is_report_due(one, now=now)]
    return sorted(found, key=lambda staff: (staff.brand_id, staff.report))


def _all_but(**choice: str) -> list[Staff]:
    """Return who chose something else, and can log in: a deactivated login gets no mail."""
    with across_brands(reason="whose mail is due is found over all brands"):
        able = Staff.objects.filter(user__is_active=True)
        rows = able.exclude(**choice).select_related("brand", "user")
        return list(rows.order_by("brand", "pk"))


def _is_digest_due(staff: Staff, *, now: datetime) -> bool:
    return staff.digest_at is not None and is_digest_due(
        digest=Digest(staff.digest), digest_at=staff.digest_at, zone=staff.brand.zone, now=now
    )


def is_digest_due(*, digest: Digest, digest_at: datetime, zone: ZoneInfo, now: datetime) -> bool:
    """Return whether it is a new morning, or nothing was said for a while."""
    if digest == Digest.AT_ONCE:
        return now >= digest_at + SHORTEST_PAUSE
    return digest_at < last_morning(now, zone)


def _is_report_due(staff: Staff, *, now: datetime) -> bool:
    every = ReportEvery(staff.report)
    return staff.report_at is not None and staff.report_at < last_morning(
        now, staff.brand.zone, every=every
    )


def last_morning(now: datetime, zone: ZoneInfo, *, every: ReportEvery | None = None) -> datetime:
    """Return the last morning that came: of any day, of a Monday, or of the first of a month."""
    last = next_morning(now, zone).date() - timedelta(days=1)
    return morning_of(_begun(last, every), zone)


def _begun(day: date, every: ReportEvery | None) -> date:
    if every == ReportEvery.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every == ReportEvery.MONTH else day


def claim_digest(staff: Staff, *, counts: Mapping[str, int], now: datetime) -> bool:
    """Note that this digest goes, or that there is none; False if another process has done it."""
    values = {"digest_at": now, "digest_counts": dict(counts)}
    return bool(_as_it_was(staff).filter(digest_at=staff.digest_at).update(**values))


def note_counts(staff: Staff, *, counts: Mapping[str, int]) -> None:
    """Note what waits without a mail: what has become less is new when it is more again."""
    if counts != staff.digest_counts:
        rows = _as_it_was(staff).filter(digest_at=staff.digest_at)
        rows.update(digest_counts=dict(counts))


def claim_report(staff: Staff, *, now: datetime) -> bool:
    """Note that this report goes; False if another process has noted it already."""
    return bool(_as_it_was(staff).filter(report_at=staff.report_at).update(report_at=now))


def _give_back(staff: Staff, *, now: datetime) -> None:
    rows = _as_it_was(staff)
    rows.filter(digest_at=now).update(digest_at=staff.digest_at, digest_counts=staff.digest_counts)
    rows.filter(report_at=now).update(report_at=staff.report_at)


def _as_it_was(staff: Staff) -> QuerySet[Staff]:
    return Staff.objects.filter(pk=staff.pk, digest=staff.digest, report=staff.report)


def mail_claimed(
    staff: Staff,
    template: str,
    *,
    values: Mapping[str, object],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> bool:
    """Mail what was claimed at `now`. If the mail server does not take it, it is due again.

    If the server refuses the address or the mail for good, the next one is due in its time.
    """
    try:
        send_transactional_mail(
            template,
            to=staff.user.email,
            language=ENGLISH,
            values=values,
            attachments=attachments,
        )
    except TransactionalMailError as error:
        if not error.is_final:
            _give_back(staff, now=now)
        return False
    return True
