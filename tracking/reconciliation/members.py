"""Compare what is kept of members with their enrollments."""

from __future__ import annotations

_ENROLLED = """
SELECT 'whether in an offer, member', member.id, member.is_enrolled, expected.is_enrolled
FROM affiliates_member member
CROSS JOIN LATERAL (SELECT EXISTS (
  SELECT FROM offers_enrollment enrollment
  WHERE enrollment.brand_id = member.brand_id AND enrollment.member_id = member.id
    AND enrollment.status <> 'removed') AS is_enrolled) expected
WHERE member.brand_id = %(brand)s AND member.is_enrolled <> expected.is_enrolled
"""
MEMBER_QUERIES = (_ENROLLED,)
