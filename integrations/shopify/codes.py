"""Discount codes in Shopify: one discount for an offer, and in it a code for each member.

Adding and removing many codes are jobs of Shopify's that take their time: each is asked about until
it is done, within a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.shop import Discount, ShopAwayError, ShopCode
from integrations.shopify import queries
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.answers import at, nodes_of, pages, user_errors

PAGE, DISCOUNTS_AT_ONCE = 100, 20
MAX_CODES_AT_ONCE = 100  # Shopify takes 250 at most
POLL_SECONDS, MAX_POLLS = 1.0, 30
ACTIVE = "ACTIVE"
NOT_READY = "Shopify has not finished yet. Look at the codes again in a few minutes."


def codes_of(api: AdminApi, discount: Discount) -> Iterator[ShopCode]:
    """Return the codes of a discount. `times_used` may be a little behind."""
    found = _find(api, discount)
    if found is not None:
        yield from _codes_in(api, found)


@dataclass(frozen=True, slots=True)
class _Found:
    """A discount as Shopify has it."""

    gid: str
    is_active: bool


def _codes_in(api: AdminApi, found: _Found) -> Iterator[ShopCode]:
    path = ("codeDiscountNode", "codeDiscount", "codes")
    variables = {"id": found.gid, "first": PAGE}
    for page in pages(api, queries.DISCOUNT_CODES, variables, *path):
        for node in nodes_of(page):
            used = node.get("asyncUsageCount")
            yield ShopCode(
                code=str(node.get("code", "")),
                is_active=found.is_active,
                shop_id=str(node.get("id", "")),
                times_used=used if isinstance(used, int) else None,
            )


def _find(api: AdminApi, discount: Discount) -> _Found | None:
    """Return the discount of this name. Shopify's search also finds similar names."""
    quoted = discount.name.replace("\\", " ").replace('"', " ").replace("'", " ")
    variables = {"query": f"title:'{quoted}'", "first": DISCOUNTS_AT_ONCE}
    for page in pages(api, queries.DISCOUNTS, variables, "codeDiscountNodes"):
        for node in nodes_of(page):
            there = at(node, "codeDiscount")
            if there.get("title") == discount.name:
                return _Found(str(node.get("id")), there.get("status") == ACTIVE)
    return None


def make_codes(api: AdminApi, discount: Discount, codes: Sequence[str]) -> dict[str, str]:
    """Make codes that are missing. Returns a sentence for each that could not be made."""
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    found = _find(api, discount)
    if found is not None:
        there = {one.code.casefold() for one in _codes_in(api, found)}
        wanted = [code for code in wanted if code.casefold() not in there]
    failed: dict[str, str] = {}
    while found is None and wanted:
        # Shopify makes a discount with one code in it.
        code = wanted.pop(0)
        found, said = _make_discount(api, discount, code)
        if said:
            failed[code] = said
    if found is None:
        return failed
    for begun in range(0, len(wanted), MAX_CODES_AT_ONCE):
        failed |= _add(api, found.gid, wanted[begun : begun + MAX_CODES_AT_ONCE])
    return failed


def _make_discount(api: AdminApi, discount: Discount, code: str) -> tuple[_Found | None, str]:
    data = api.ask(
        queries.MAKE_DISCOUNT,
        {
            "discount": {
                "title": discount.name,
                "code": code,
                "startsAt": datetime.now(UTC).isoformat(timespec="seconds"),
                "context": {"all": "ALL"},
                "customerGets": {
                    "value": {"percentage": discount.percent_bp / 10_000},
                    "items": {"all": True},
                },
            }
        },
    )
    said = user_errors(data, "discountCodeBasicCreate")
    node = at(data, "discountCodeBasicCreate", "codeDiscountNode")
    if said or not node.get("id"):
        return None, _sentence(said)
    return _Found(str(node["id"]), is_active=True), ""


def _add(api: AdminApi, discount_id: str, codes: list[str]) -> dict[str, str]:
    added = {"id": discount_id, "codes": [{"code": code} for code in codes]}
    data = api.ask(queries.ADD_CODES, added)
    said = user_errors(data, "discountRedeemCodeBulkAdd")
    creation = at(data, "discountRedeemCodeBulkAdd", "bulkCreation").get("id")
    if said or not creation:
        return dict.fromkeys(codes, _sentence(said))
    for _ in range(MAX_POLLS):
        variables = {"id": creation, "first": MAX_CODES_AT_ONCE}
        state = at(api.ask(queries.CODES_ADDED, variables), "discountRedeemCodeBulkCreation")
        if _is_done(state):
            return _failed(state, codes)
        api.sleep(POLL_SECONDS)
    return dict.fromkeys(codes, NOT_READY)


def _is_done(state: Mapping[str, Any]) -> bool:
    """`done` says that the job has run, or only that it began: the counts say the rest."""
    counts = [state.get(name) for name in ("codesCount", "importedCount", "failedCount")]
    if state.get("done") is not True or not all(isinstance(count, int) for count in counts):
        return False
    expected, imported, failed = counts
    return int(imported or 0) + int(failed or 0) >= int(expected or 0)


def _failed(state: Mapping[str, Any], codes: Sequence[str]) -> dict[str, str]:
    as_given = {code.casefold(): code for code in codes}
    failed = {}
    for node in nodes_of(at(state, "codes")):
        errors = [one for one in node.get("errors") or [] if isinstance(one, Mapping)]
        code = as_given.get(str(node.get("code", "")).casefold())
        if errors and code is not None:
            failed[code] = _sentence("; ".join(str(one.get("message", "")) for one in errors))
    return failed


def _sentence(said: str) -> str:
    if "unique" in said.lower() or "taken" in said.lower():
        return "Another discount in Shopify has this code already."
    return f"Shopify did not make this code: {said.strip() or 'it gave no reason'}"


def end_codes(api: AdminApi, discount: Discount, codes: Sequence[str]) -> dict[str, str]:
    """Remove codes. Returns a sentence for each that is still there; one that is gone is fine."""
    found = _find(api, discount)
    if found is None:
        return {}
    there = {one.code.casefold(): one for one in _codes_in(api, found)}
    ending = {
        code: there[code.strip().casefold()] for code in codes if code.strip().casefold() in there
    }
    failed: dict[str, str] = {}
    named = list(ending)
    for begun in range(0, len(named), MAX_CODES_AT_ONCE):
        part = named[begun : begun + MAX_CODES_AT_ONCE]
        failed |= _remove(api, found.gid, {code: ending[code].shop_id for code in part})
    return failed


def _remove(api: AdminApi, discount_id: str, ids: Mapping[str, str]) -> dict[str, str]:
    data = api.ask(queries.REMOVE_CODES, {"id": discount_id, "ids": list(ids.values())})
    said = user_errors(data, "discountCodeRedeemCodeBulkDelete")
    if said:
        return dict.fromkeys(ids, f"Shopify did not remove this code: {said}")
    job = at(data, "discountCodeRedeemCodeBulkDelete", "job")
    for _ in range(MAX_POLLS):
        if job.get("done") is True:
            return {}
        if not job.get("id"):
            raise ShopAwayError("Shopify did not say whether it removes the codes.")
        api.sleep(POLL_SECONDS)
        job = at(api.ask(queries.JOB, {"id": job["id"]}), "job")
    return dict.fromkeys(ids, NOT_READY)
