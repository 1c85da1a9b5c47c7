"""The kinds of background work, with their texts. brand_admin.work_handlers has the handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from payouts import run_work
from tracking.importing import members_in_background
from tracking.links import bulk_generation

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


def _of_runs(noun: str, *, is_at_once: bool = False) -> Kind:
    return Kind(section="payments", noun=noun, icon="payments", result="run", is_at_once=is_at_once)


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
        },
        left_out="Rows that are left out",
    ),
    members_in_background.IMPORT: Kind(
        section="members",
        noun="row",
        icon="upload",
        result="member_import",
        tiles={"added": "Added", "changed": "Changed", "unchanged": "As they were already"},
        left_out="Rows that were left out",
    ),
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
    EXPORT: Kind(section="work", noun="row", icon="download", result="export_done"),
    CHANGE: Kind(
        section="work",
        noun="change",
        icon="check",
        result="change",
        tiles={"done": "Changed", "unchanged": "As they were already"},
        left_out="Skipped",
    ),
}
