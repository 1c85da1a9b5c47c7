"""Read which kinds of mails a brand sends, and which a member wants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC

from affiliates.models import Creator, Member
from core.tenancy import across_brands
from notices.models import OFF_AT_FIRST, DeclinedKind, KindSwitch, NoticeKind, SalesAtOnce


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind that the brand sends, and whether the member wants it."""

    kind: NoticeKind
    is_wanted: bool
    is_at_once: bool = False  # only sales are else told once a day

    @property
    def label(self) -> str:
        return str(self.kind.label)


def kinds_sent() -> list[NoticeKind]:
    """Return the kinds that the brand in scope sends, in their order."""
    return _kinds_on(dict(KindSwitch.objects.values_list("kind", "is_on")))


def _kinds_on(switches: Mapping[str, bool]) -> list[NoticeKind]:
    """Return the kinds that are on; some are at first, before a brand has a switch of them."""
    return [kind for kind in NoticeKind if switches.get(kind.value, kind not in OFF_AT_FIRST)]


def choices_of(member: Member) -> list[KindChoice]:
    """Return the kinds that the brand in scope sends, with the member's choice."""
    return choices_of_all([member])[member.pk]


def choices_of_all(members: Iterable[Member]) -> dict[int, list[KindChoice]]:
    """Return the same for members of several brands, by member id. Three queries."""
    listed = list(members)
    with across_brands(reason="a creator chooses their mails of every brand"):
        brands = [member.brand_id for member in listed]
        rows = KindSwitch.objects.filter(brand__in=brands)
        switches: dict[int, dict[str, bool]] = defaultdict(dict)
        for brand, kind, is_on in rows.values_list("brand_id", "kind", "is_on"):
            switches[brand][kind] = is_on
        declined = kinds_declined([member.pk for member in listed])
        at_once = SalesAtOnce.objects.filter(member__in=[member.pk for member in listed])
        hurried = set(at_once.values_list("member_id", flat=True))
    return {
        member.pk: [
            KindChoice(
                kind,
                kind not in declined.get(member.pk, ()),
                kind == NoticeKind.SALES and member.pk in hurried,
            )
            for kind in _kinds_on(switches[member.brand_id])
        ]
        for member in listed
    }


def declined_rows(creator: Creator) -> Iterator[list[str]]:
    """Yield what a person declined, of every brand, as rows of a CSV file, header first."""
    yield ["brand", "mails", "declined_at"]
    with across_brands(reason="a person may have everything that is kept about them"):
        rows = list(
            DeclinedKind.objects.filter(member__creator=creator)
            .select_related("brand")
            .order_by("brand__name", "pk")
        )
    for row in rows:
        yield [row.brand.name, row.kind, row.since.astimezone(UTC).isoformat()]


def kinds_declined(member_ids: Iterable[int]) -> Mapping[int, frozenset[NoticeKind]]:
    """Return what each of these members declined, by member id."""
    found: dict[int, set[NoticeKind]] = {}
    rows = DeclinedKind.objects.filter(member__in=list(member_ids))
    for member_id, kind in rows.values_list("member_id", "kind"):
        found.setdefault(member_id, set()).add(NoticeKind(kind))
    return {member_id: frozenset(kinds) for member_id, kinds in found.items()}
