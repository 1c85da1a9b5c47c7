"""Triggers that keep test data apart from people and shops, for every writer.

A test brand belongs to one live brand, for ever. It has no staff, its members belong to
no creator, it sends no campaign and no shop is connected to it.
"""

from __future__ import annotations

import pgtrigger

_TEST_BRAND_STAYS = """
IF TG_OP = 'UPDATE' AND NEW.test_of_id IS DISTINCT FROM OLD.test_of_id THEN
    RAISE EXCEPTION 'a brand stays live or a test brand, as it was made';
END IF;
IF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.test_of_id AND test_of_id IS NOT NULL) THEN
    RAISE EXCEPTION 'there is no test brand of a test brand';
END IF;
RETURN NEW;
"""
_LIVE_BRANDS_ONLY = """
IF EXISTS (SELECT FROM accounts_brand WHERE id = NEW.brand_id AND test_of_id IS NOT NULL) THEN
    RAISE EXCEPTION 'not in a test brand: {what}';
END IF;
RETURN NEW;
"""


def test_brand_stays(name: str) -> pgtrigger.Trigger:
    """On brands: a test brand belongs to the live brand that it was made for."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("test_of_id"),
        func=_TEST_BRAND_STAYS,
    )


def live_brands_only(
    name: str,
    *,
    what: str,
    operation: pgtrigger.Operation,
    condition: pgtrigger.Condition | None = None,
) -> pgtrigger.Trigger:
    """On a tenant's table: refuse rows of a test brand. `what` names them, for the error."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=operation,
        condition=condition,
        func=_LIVE_BRANDS_ONLY.format(what=what),
    )
