"""The kinds of background work, with their texts. brand_admin.work_handlers has the handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.filling import HISTORY
from payouts import run_work
from tracking.importing import members_in_background, orders_in_background
from tracking.importing.entries import ORDERS, REFUNDS
from tracking.importing.orders import UNAPPLIED
from tracking.links import bulk_generation
from tracking.links.link_test import LINK_TEST

EXPORT = "export"
CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work. `tiles` are the labels of the counts on its page, in order. `result` is the
    template that its page includes when it is done.
    """

    section: str
    noun: str
    icon: str
    result: str
    tiles: Mapping[str, str] = field(default_factory=dict)
    left_out: str = "Left out"
    is_at_once: bool = False  # done in one transaction, so there is no progress to show
    is_open_ended: bool = False  # nobody knows how many there are before the end
    is_preview: bool = False  # its page asks whether to do it


def _of_runs(noun: str, *, is_at_once: bool = False) -> Kind:
    return Kind(section="payments", noun=noun, icon="payments", result="run", is_at_once=is_at_once)


def _of_orders(tiles: Mapping[str, str], *, is_preview: bool) -> Kind:
    return Kind(
        section="conversions",
        noun="row",
        icon="upload",
        result="order_preview" if is_preview else "order_import",
        tiles=tiles,
        left_out="Rows that are left out" if is_preview else "Rows that were left out",
        is_preview=is_preview,
    )


_FORESEEN = {"recorded": "New", "revised": "To be changed", "duplicate": "As they are already"}
_ORDERS_RECORDED = {
    "recorded": "Recorded, with a member",
    "unattributed": "Recorded, with nobody",
    "revised": "Changed",
    "superseded": "Older than what is known",
    "duplicate": "As they were already",
}
_REFUNDS_RECORDED = {
    "recorded": "Applied",
    UNAPPLIED: "Not applied",
    "parked": "Waiting for their order",
    "replaced": "Changed",
    "duplicate": "As they were already",
}

KINDS: Mapping[str, Kind] = {
    members_in_background.PREVIEW: Kind(
        section="members",
        noun="row",
        icon="upload",
        result="member_preview",
        tiles={
            "added": "To be added",
            "changed": "To be changed",
            "unchanged": "As they are already",
            members_in_background.ASKS: "Replace a code",
        },
        left_out="Rows to look at",
        is_preview=True,
    ),
    members_in_background.IMPORT: Kind(
        section="members",
        noun="row",
        icon="upload",
        result="member_import",
        tiles={"added": "Added", "changed": "Changed", "unchanged": "As they were already"},
        left_out="Rows that were left out",
    ),
    orders_in_background.PREVIEWS[ORDERS.name]: _of_orders(_FORESEEN, is_preview=True),
    orders_in_background.PREVIEWS[REFUNDS.name]: _of_orders(_FORESEEN, is_preview=True),
    orders_in_background.IMPORTS[ORDERS.name]: _of_orders(_ORDERS_RECORDED, is_preview=False),
    orders_in_background.IMPORTS[REFUNDS.name]: _of_orders(_REFUNDS_RECORDED, is_preview=False),
    bulk_generation.GENERATE: Kind(
        section="projects",
        noun="member",
        icon="tag",
        result="generate",
        tiles={"codes": "Codes made", "links": "Links made"},
        left_out="Members who were left out",
    ),
    run_work.DRAFT: _of_runs("member"),
    run_work.REDRAFT: _of_runs("member"),
    run_work.CONFIRM: _of_runs("payment", is_at_once=True),
    run_work.MARK_PAID: _of_runs("payment", is_at_once=True),
    run_work.RETURN: _of_runs("payment", is_at_once=True),
    HISTORY: Kind(
        section="conversions",
        noun="order",
        icon="upload",
        result="history_import",
        tiles={"fetched": "Fetched", "known": "Known already"},
        is_open_ended=True,
    ),
    EXPORT: Kind(section="work", noun="row", icon="download", result="export_done"),
    CHANGE: Kind(
        section="work",
        noun="change",
        icon="check",
        result="change",
        tiles={"done": "Changed", "unchanged": "As they were already"},
        left_out="Skipped",
    ),
    LINK_TEST: Kind(
        section="sales_tracking", noun="step", icon="link", result="link_test", is_open_ended=True
    ),
}
