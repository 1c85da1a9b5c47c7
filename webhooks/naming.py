"""Name what an event is about: for the outbox "order:12", for receivers and staff the API's id."""

from __future__ import annotations

from collections.abc import Mapping

from core.public_ids import IdKind, public_id, row_id_in
from core.references import Reference

# Values of an entry that are ids of rows.
IDS: Mapping[str, IdKind] = {
    "conversion": IdKind.CONVERSION,
    "enrollment": IdKind.ENROLLMENT,
    "member": IdKind.MEMBER,
    "offer": IdKind.OFFER,
    "order": IdKind.ORDER,
    "run": IdKind.RUN,
}
# What an event can be about, as the outbox names it.
TARGETS: Mapping[str, IdKind] = {
    "clickearning": IdKind.CLICK_EARNING,
    "conversion": IdKind.CONVERSION,
    "endpoint": IdKind.ENDPOINT,
    "enrollment": IdKind.ENROLLMENT,
    "flag": IdKind.FLAG,
    "ledgerentry": IdKind.ENTRY,
    "order": IdKind.ORDER,
    "payout": IdKind.PAYOUT,
    "payoutrun": IdKind.RUN,
    "refund": IdKind.REFUND,
    "terms": IdKind.TERMS,
}


def id_of(target: str, *, brand_id: int) -> str:
    """Return the API's id of a thing that the outbox calls "order:12"."""
    named = Reference(target)
    return public_id(TARGETS[named.kind], brand_id=brand_id, row_id=int(named.key))


def target_of(text: str, *, brand_id: int) -> str:
    """Return what the outbox calls a thing with this id; "" if it is no id of the brand."""
    for name, kind in TARGETS.items():
        row_id = row_id_in(kind, text, brand_id=brand_id)
        if row_id is not None:
            return Reference.of(name, row_id)
    return ""
