"""The handler of each kind of background work."""

from __future__ import annotations

from collections.abc import Mapping

from background.running import Handler
from brand_admin.work_changes import change_chosen
from brand_admin.work_exports import make_export
from brand_admin.work_kinds import CHANGE, EXPORT
from integrations import filling
from payouts import run_work
from tracking.importing import members_in_background, orders_in_background
from tracking.links import bulk_generation, link_test

HANDLERS: Mapping[str, Handler] = {
    CHANGE: change_chosen,
    EXPORT: make_export,
    bulk_generation.GENERATE: bulk_generation.generate,
    filling.HISTORY: filling.import_history,
    link_test.LINK_TEST: link_test.run_link_test,
    members_in_background.IMPORT: members_in_background.import_file,
    members_in_background.PREVIEW: members_in_background.preview_file,
    **orders_in_background.HANDLERS,
    run_work.CONFIRM: run_work.confirm,
    run_work.DRAFT: run_work.draft,
    run_work.MARK_PAID: run_work.mark_paid,
    run_work.REDRAFT: run_work.redraft,
    run_work.RETURN: run_work.give_back,
}
