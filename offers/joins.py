"""SQL by which triggers find the offer and the member of an enrollment."""

from __future__ import annotations

_OF_ENROLLMENT = (
    "JOIN offers_enrollment enrollment ON enrollment.brand_id = {rows}.brand_id"
    " AND enrollment.id = {rows}.enrollment_id"
)
JOIN_ENROLLMENT = _OF_ENROLLMENT.format(rows="moved")  # of a kept sum
JOIN_ENROLLMENT_OF_ADDED = _OF_ENROLLMENT.format(rows="added")  # of the outbox
JOIN_OFFER = (
    "JOIN offers_offer offer ON offer.brand_id = enrollment.brand_id"
    " AND offer.id = enrollment.offer_id"
)
# What the outbox tells of a row `added` of an enrollment, with JOIN_ENROLLMENT_OF_ADDED.
WHO_IS_TOLD = {
    "enrollment": "added.enrollment_id",
    "member": "enrollment.member_id",
    "offer": "enrollment.offer_id",
}
