"""Which members a filter or a segment means, for every list from which members are picked.

A segment is a saved filter of the list of members (`affiliates.segments`). Its numbers are read as
they were saved, so a tag that nobody has any more finds nobody, and never everybody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.selectors import staff_of_brand
from affiliates.models import Member, Segment
from affiliates.segments import segments
from affiliates.selectors import members
from brand_admin.pages import id_in
from core.kept_queries import kept_query
from offers.selectors import in_offer, offer_names

NO_OFFER = "none"
NO_OWNER = "none"
SEGMENT = "segment"
SAVED = ("q", "offer", "tag", "owner")  # the filters of a segment


@dataclass(frozen=True, slots=True)
class MemberChoice:
    """A filter of members. Without any value, all of them."""

    search: str = ""
    tag: str = ""
    owner_id: int | None = None
    without_owner: bool = False
    in_no_offer: bool = False
    offer_id: int | None = None

    def members(self) -> QuerySet[Member]:
        """Return the members who match now."""
        return selected_members(**asdict(self))


def selected_members(
    *,
    in_no_offer: bool,
    offer_id: int | None,
    within: MemberChoice | None = None,
    **chosen: Any,
) -> QuerySet[Member]:
    """Return the members in an offer, in none, or all, of those that `members` returns.

    Only those of a segment, if `within` says which.
    """
    found = members(**chosen)
    if in_no_offer or offer_id is not None:
        found = in_offer(found, None if in_no_offer else offer_id)
    return found.filter(in_segment(within))


def in_segment(choice: MemberChoice | None, *, member: str = "pk") -> Q:
    """Return the condition that a row's `member` is of the segment; none without a segment."""
    if choice is None:
        return Q()
    return Q(**{f"{member}__in": choice.members().order_by().values("pk")})


def choice_of(query: str) -> MemberChoice:
    """Return what a saved filter means: "tag=VIP&offer=3"."""
    given = QueryDict(query)
    offer, owner = given.get("offer", ""), given.get("owner", "")
    return MemberChoice(
        search=given.get("q", ""),
        tag=given.get("tag", ""),
        owner_id=id_in(owner),
        without_owner=owner == NO_OWNER,
        in_no_offer=offer == NO_OFFER,
        offer_id=id_in(offer),
    )


def to_save(given: QueryDict) -> str:
    """Return the filters among the parameters of the list's address, as a segment keeps them."""
    kept = QueryDict(mutable=True)
    for name in SAVED:
        value = given.get(name, "").replace("\0", "").strip()
        if value:
            kept[name] = value
    return kept.urlencode()


def in_words(query: str) -> str:
    """Say what a saved filter means: "in Winter Glow, tag VIP, in the charge of Theo Marsh"."""
    choice = choice_of(query)
    said = []
    if choice.in_no_offer:
        said.append("in no offer")
    elif choice.offer_id is not None:
        said.append(f"in {dict(offer_names()).get(choice.offer_id, 'an unknown offer')}")
    if choice.tag:
        said.append(f"tag {choice.tag}")
    if choice.without_owner:
        said.append("nobody in charge of them")
    elif choice.owner_id is not None:
        said.append(f"in the charge of {_staff_names().get(choice.owner_id, 'somebody who left')}")
    if choice.search:
        said.append(f"name or address with \u201c{choice.search}\u201d")
    return ", ".join(said)


def _staff_names() -> dict[int, str]:
    return {row.pk: str(row.user) for row in _staff()}


_staff = kept_query(staff_of_brand)


class SegmentFilters(forms.Form):
    """A form with a choice of segments, if the brand has any."""

    segment = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.segments = {str(row.pk): row for row in segments()}
        names = [(pk, row.name) for pk, row in self.segments.items()]
        if names:
            field = self.fields[SEGMENT]
            field.choices = [("", "All members"), *names]  # type: ignore[attr-defined]
        else:
            del self.fields[SEGMENT]

    @property
    def chosen_segment(self) -> Segment | None:
        """The chosen segment; an unknown one is ignored."""
        return self.segments.get(str(self.data.get(SEGMENT, "")))

    @property
    def within(self) -> MemberChoice | None:
        """What the chosen segment means."""
        chosen = self.chosen_segment
        return choice_of(chosen.query) if chosen else None
