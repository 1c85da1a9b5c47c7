"""Keep of each member whether they are in an offer: a list of those who are not reads no others.

Triggers on enrollments set `Member.is_enrolled`; `manage.py reconcile` compares it.
"""

from __future__ import annotations

import pgtrigger

from core.kept_sums import after_statement

# The members are locked first: of two statements about one member, the later one then sees what
# the earlier one did.
_KEEP = """
PERFORM FROM affiliates_member
WHERE (brand_id, id) IN ({changed}) ORDER BY id FOR NO KEY UPDATE;
UPDATE affiliates_member AS member SET is_enrolled = NOT is_enrolled
WHERE (brand_id, id) IN ({changed}) AND is_enrolled <> EXISTS (
    SELECT FROM offers_enrollment AS enrollment WHERE enrollment.brand_id = member.brand_id
    AND enrollment.member_id = member.id AND enrollment.status <> 'removed');
RETURN NULL;
"""
_ADDED = "SELECT brand_id, member_id FROM added"
_REMOVED = "SELECT brand_id, member_id FROM removed"
_MOVED = """
    SELECT moved.brand_id, moved.member_id
    FROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id
    CROSS JOIN LATERAL (VALUES
        (added.brand_id, added.member_id), (removed.brand_id, removed.member_id)
    ) AS moved (brand_id, member_id)
    WHERE (added.member_id, added.status = 'removed')
        <> (removed.member_id, removed.status = 'removed')
"""


def keep_is_enrolled() -> list[pgtrigger.Trigger]:
    """Return the triggers of enrollments that keep it."""
    return [
        after_statement(operation, name=name, func=_KEEP.format(changed=changed))
        for operation, name, changed in (
            (pgtrigger.Insert, "offers_member_enrolled", _ADDED),
            (pgtrigger.Update, "offers_member_moved", _MOVED),
            (pgtrigger.Delete, "offers_member_out", _REMOVED),
        )
    ]
