"""Notes about a member: a tab of the member's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from affiliates.models import Member, MemberNote
from affiliates.notes import NoteError, add_note, delete_note, notes_about
from brand_admin.access import BrandRequest, brand_page
from brand_admin.members.forms import NoteForm
from brand_admin.members.parts import show_part
from brand_admin.refusals import add_refusal


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def member_notes(request: BrandRequest, member_id: int) -> HttpResponse:
    """Show the notes, and add one."""
    member = get_object_or_404(Member, pk=member_id)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            add_note(
                member=member,
                text=form.cleaned_data["text"],
                by=request.actor,
                now=timezone.now(),
            )
        except NoteError as error:
            add_refusal(form, error)
        else:
            return redirect("brand_admin:member_notes", request.brand.slug, member.pk)
    return show_part(
        request,
        member,
        "notes",
        notes=notes_about(member),
        form=form,
        status=422 if form.errors else 200,
    )


@require_POST
@brand_page(Permission.MANAGE)
def note_delete(request: BrandRequest, member_id: int, note_id: int) -> HttpResponse:
    note = get_object_or_404(MemberNote, pk=note_id, member=member_id)
    delete_note(note=note, by=request.actor, now=timezone.now())
    messages.success(request, "The note is deleted.")
    return redirect("brand_admin:member_notes", request.brand.slug, member_id)
