"""Run an action on the selected rows of a list: on the checked rows, or on all that match.

A few rows are changed before the page responds, many by a worker. In both cases the rows are those
that match when the button is pressed, and the service checks each of them again.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from background.running import MAX_ROWS_RUN_AT_ONCE
from background.work_requests import WorkRequest, request_and_enqueue_work
from brand_admin.access import BrandRequest
from brand_admin.listing.actions import Action, Done
from brand_admin.listing.listing import Listing
from brand_admin.pages import render_page, selected_ids
from brand_admin.work_kinds import CHANGE
from core.next_page import safe_redirect_path
from core.references import Reference
from core.templatetags.display import count
from core.text import noun_for

MAX_CHOSEN_ROWS = 100_000  # in one action
SHOWN_ROWS = 50  # on the page that asks for confirmation


def chosen_ids(request: BrandRequest, listing: Listing[Any]) -> list[int]:
    """Return the ids of the checked rows, or of all rows that match the address."""
    if listing.all_chosen:
        return list(listing.all_ids()[: MAX_CHOSEN_ROWS + 1])
    return list(
        listing.everything().filter(pk__in=selected_ids(request)).values_list("pk", flat=True)
    )


def change_rows(request: BrandRequest, listing: Listing[Any]) -> HttpResponse:
    """Run the action of the button, or ask for confirmation; then return to the filtered list."""
    only = listing.actions[0].key if len(listing.actions) == 1 else ""
    pressed = request.POST.get("action", only)
    action = next((each for each in listing.actions if each.key == pressed), None)
    ids = chosen_ids(request, listing)
    if listing.all_chosen and listing.filters_gone:
        return _nothing(request, listing, "A filter of this list does not exist any more")
    if action is not None and ids and action.leads and not _is_confirmed(action, request):
        return redirect(action.leads(listing, ids))
    if action is None or action.act is None or not ids:
        return _nothing(request, listing, f"Choose {listing.noun} first")
    if len(ids) > MAX_CHOSEN_ROWS:
        limit = f"at most {MAX_CHOSEN_ROWS:,} {listing.noun} can be changed at once"
        return _nothing(request, listing, f"Search or filter first, {limit}")
    if not action.is_answered(request.POST):
        return ask_for_confirmation(request, listing, action, ids, _form(listing, action))
    form = _form(listing, action, request.POST)
    if form is not None and not form.is_valid():
        if action.asks:
            return ask_for_confirmation(request, listing, action, ids, form)
        [first, *_] = [text for texts in form.errors.values() for text in texts]
        return _nothing(request, listing, str(first).rstrip("."))
    values = dict(form.cleaned_data) if form is not None else {}
    if len(ids) > MAX_ROWS_RUN_AT_ONCE:
        return _leave_to_a_worker(request, listing, action, ids, values)
    done = action.act(listing, ids=ids, by=request.actor, now=listing.now, **values)
    _show_result(request, listing, action, done, values)
    return redirect(_back(request, listing) if "back" in request.POST else listing.after(action))


def _is_confirmed(action: Action, request: BrandRequest) -> bool:
    return action.act is not None and action.is_answered(request.POST)


def _form(listing: Listing[Any], action: Action, data: Any = None) -> forms.Form | None:
    return listing.form_of(action, data) if action.form else None


def _nothing(request: BrandRequest, listing: Listing[Any], why: str) -> HttpResponse:
    messages.warning(request, f"{why}: nothing was changed.")
    return redirect(_back(request, listing))


def ask_for_confirmation(
    request: BrandRequest,
    listing: Listing[Any],
    action: Action,
    ids: list[int],
    form: forms.Form | None,
) -> HttpResponse:
    """Show the selected rows and the form of the action; its button runs the action."""
    return render_page(
        request,
        "brand_admin/listing/ask.html",
        section=listing.section,
        status=422 if form is not None and form.is_bound else 200,
        listing=listing,
        action=action,
        asks=listing.asks(action, form),
        form=form,
        ids=[] if listing.all_chosen else ids,
        number=len(ids),
        counted=_counted(listing, len(ids)),
        seen=listing.seen(action, ids[:SHOWN_ROWS]),
        more=max(0, len(ids) - SHOWN_ROWS),
        warning=listing.warning(action, ids),
        form_key=uuid.uuid4(),
        back=_back(request, listing),
    )


def _leave_to_a_worker(
    request: BrandRequest,
    listing: Listing[Any],
    action: Action,
    ids: list[int],
    values: dict[str, Any],
) -> HttpResponse:
    """Store the ids of the selected rows, and let a worker change them."""
    try:
        confirmation = uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        confirmation = uuid.uuid4()
    work = request_and_enqueue_work(
        WorkRequest(
            kind=CHANGE,
            title=f"{action.label}: {_counted(listing, len(ids))}",
            about=Reference.of("list", listing.name),
            total=len(ids),
            confirmation=confirmation,
            parameters={
                "list": listing.reference,
                "action": action.key,
                "values": values,
                "back": _back(request, listing),
            },
            given=(f"{pk}\n".encode() for pk in ids),
        ),
        by=request.actor,
        now=listing.now,
    )
    return redirect("brand_admin:work", request.brand.slug, work.pk)


def _show_result(
    request: BrandRequest, listing: Listing[Any], action: Action, done: Done, values: dict[str, Any]
) -> None:
    why = done.in_words(action.unchanged)
    if done.count:
        messages.success(
            request, f"{_counted(listing, done.count)} {listing.done_words(action, values)}."
        )
    if why:
        number = done.unchanged + len(done.skipped)
        messages.warning(request, f"{count(number)} skipped: {why}.")
    elif not done.count:
        messages.warning(request, "Nothing was changed.")
    if done.notes:
        messages.warning(request, f"{done.notes_in_words}.")


def _counted(listing: Listing[Any], number: int) -> str:
    return f"{count(number)} {noun_for(number, listing.noun)}"


def _back(request: BrandRequest, listing: Listing[Any]) -> str:
    """Return the page that had the form, if the form names a page of this site; else the list."""
    return safe_redirect_path(request.POST.get("back", "")) or listing.href
