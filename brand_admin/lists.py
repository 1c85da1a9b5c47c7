"""Import every list of the brand admin, so that a worker finds each by its reference."""

from __future__ import annotations

from brand_admin.background import lists as background_lists
from brand_admin.connections import codes_lists, developers_lists, events_lists
from brand_admin.conversions import flags, refunds, unattributed
from brand_admin.conversions import lists as conversion_lists
from brand_admin.emails import lists as email_lists
from brand_admin.links import lists as link_lists
from brand_admin.listing.listing import LISTS, list_of_reference
from brand_admin.members import lists as member_lists
from brand_admin.members import parts as member_parts
from brand_admin.offers import lists as offer_lists
from brand_admin.payments import due_list, run_lists
from brand_admin.payments import lists as payment_lists
from brand_admin.projects import generate_list, step_lists
from brand_admin.projects import lists as project_lists
from brand_admin.reporting import adding
from brand_admin.reporting import lists as reporting_lists
from brand_admin.settings import audit as audit_lists
from brand_admin.webhooks import lists as webhook_lists

MODULES = (
    adding,
    audit_lists,
    background_lists,
    codes_lists,
    conversion_lists,
    developers_lists,
    email_lists,
    events_lists,
    member_lists,
    due_list,
    flags,
    generate_list,
    link_lists,
    member_parts,
    offer_lists,
    payment_lists,
    project_lists,
    refunds,
    reporting_lists,
    run_lists,
    step_lists,
    unattributed,
    webhook_lists,
)

__all__ = ["LISTS", "MODULES", "list_of_reference"]
