"""What does each kind of long work."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.background import Handler
from brand_admin.background.exports import make_export
from brand_admin.background.kinds import EXPORT
from payouts import run_work
from tracking import bulk_items, member_import_work

HANDLERS: Mapping[str, Handler] = {
    EXPORT: make_export,
    bulk_items.GENERATE: bulk_items.generate,
    member_import_work.IMPORT: member_import_work.import_file,
    member_import_work.PREVIEW: member_import_work.preview_file,
    run_work.CONFIRM: run_work.confirm,
    run_work.DRAFT: run_work.draft,
    run_work.MARK_PAID: run_work.mark_paid,
    run_work.REDRAFT: run_work.redraft,
    run_work.RETURN: run_work.give_back,
}
