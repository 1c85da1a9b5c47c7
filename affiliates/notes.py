"""Notes that staff write about a member, for each other."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member, MemberNote
from core.kept_queries import kept_query
from core.text import UNSTORABLE

MAX_NOTE_LENGTH = 2_000
MAX_SHOWN_NOTES = 200  # of one member


class NoteError(ValueError):
    """The text can't be a note; the message is a sentence."""

    field = "text"


def notes_about(member: Member) -> list[MemberNote]:
    """Return the newest notes about the member, newest first, at most MAX_SHOWN_NOTES."""
    return _notes_about.part(slice(0, MAX_SHOWN_NOTES), {"member_id": member.pk})


@kept_query
def _notes_about(*, member_id: int) -> QuerySet[MemberNote]:
    return MemberNote.objects.filter(member=member_id).order_by("-written_at", "-pk")


def note_count(member: Member) -> int:
    return _notes_about.count(member_id=member.pk)


@transaction.atomic
def add_note(*, member: Member, text: str, by: Actor, now: datetime) -> MemberNote:
    """Add a note. The audit log says that there is one, and not what it says.

    Raises NoteError for an empty or a too long text, and for a member who was deleted.
    """
    if Member.objects.select_for_update().get(pk=member.pk).deleted_at is not None:
        raise NoteError("This member was deleted: no notes are kept about them.")
    written = UNSTORABLE.sub("", text).replace("\r\n", "\n").strip()
    if not written:
        raise NoteError("Write something first.")
    if len(written) > MAX_NOTE_LENGTH:
        raise NoteError(f"A note has at most {MAX_NOTE_LENGTH:,} characters.")
    note = MemberNote.objects.create(
        member=member, text=written, written_by=by.label[:200], written_at=now
    )
    audit.record(action="member.note_added", target=member, by=by, now=now)
    return note


@transaction.atomic
def delete_note(*, note: MemberNote, by: Actor, now: datetime) -> None:
    """Delete a note. A second click does nothing."""
    found = MemberNote.objects.select_for_update().filter(pk=note.pk).select_related("member")
    for row in found:
        audit.record(action="member.note_deleted", target=row.member, by=by, now=now)
        row.delete()
