"""Triggers on addresses and roles, which hold for every writer.

No role without a proven address, and no change of an address without its proof.
"""

from __future__ import annotations

import pgtrigger

# An address changes only in a statement that also sets when the new one was proven. A proof is
# never removed.
_ADDRESS_CHANGES = """
IF OLD.email_proven_at IS NOT NULL AND NEW.email_proven_at IS NULL THEN
    RAISE EXCEPTION 'the proof of an address is not taken back';
END IF;
IF NEW.email IS DISTINCT FROM OLD.email AND (
    NEW.email_proven_at IS NULL OR NEW.email_proven_at IS NOT DISTINCT FROM OLD.email_proven_at
) THEN
    RAISE EXCEPTION 'an address changes together with the proof of the new one';
END IF;
RETURN NEW;
"""
_ROLE_IS_PROVEN = """
IF NOT EXISTS (
    SELECT FROM accounts_user WHERE id = NEW.user_id AND email_proven_at IS NOT NULL
) THEN
    RAISE EXCEPTION 'a role is only for a user whose address is proven';
END IF;
RETURN NEW;
"""


def address_changes_with_proof(name: str) -> pgtrigger.Trigger:
    """On users: a statement that changes an address also sets when the new one was proven."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("email", "email_proven_at"),
        func=_ADDRESS_CHANGES,
    )


def requires_proven_address(name: str) -> pgtrigger.Trigger:
    """On a table with a user: no row and no change of role for a user with an unproven address."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id", "role"),
        func=_ROLE_IS_PROVEN,
    )
