"""Every answer that the document describes is reached, and has the schema that it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from accounts.idempotency import claim_request
from accounts.models import ApiKey, Scope
from api.resources import operations
from core.public_ids import public_id, row_id_in
from core.rate_limits import Drawn, RateLimits
from tests.answers import Answer
from tests.api.nouns.recipes import RECIPES, perform
from tests.api.nouns.stage import KINDS, LATER, ROOT, Stage
from tests.api.shop import Shop, key_for
from tests.api.test_openapi import OF_NOUNS

READS = {
    "list_members": "/members", "show_member": "/members/{member}",
    "list_offers": "/offers?expand=terms", "show_offer": "/offers/{offer}",
    "list_terms": "/offers/{offer}/terms", "show_terms": "/terms/{terms}",
    "list_enrollments": "/enrollments?expand=member,offer",
    "show_enrollment": "/enrollments/{enrollment}",
    "show_balance": "/enrollments/{enrollment}/balance",
    "list_codes": "/codes?expand=enrollment", "show_code": "/codes/{code}",
    "list_links": "/links", "show_link": "/links/{link}",
    "list_link_domains": "/link-domains", "show_link_domain": "/link-domains/{link_domain}",
    "list_clicks": "/clicks", "show_click": "/clicks/{click}",
    "list_orders": "/orders", "list_refunds": "/refunds", "show_refund": "/refunds/{refund}",
    "list_revisions": "/revisions?order={order}", "show_revision": "/revisions/{revision}",
    "list_conversions": "/conversions?expand=order,member,offer,enrollment",
    "show_conversion": "/conversions/{conversion}",
    "list_flags": "/flags?expand=conversion", "show_flag": "/flags/{flag}",
    "list_questions": "/questions", "show_question": "/questions/{question}",
    "list_payouts": "/payouts?expand=member", "show_payout": "/payouts/{payout}",
    "show_due": "/due?member={member}", "list_due": "/due/members",
    "list_runs": "/payout-runs",
    "show_run": "/payout-runs/{run}", "list_members_of_run": "/payout-runs/{run}/members",
    "show_figures": "/figures?by=offer", "show_sources": "/figures/sources?by=link&offer={offer}",
    "list_campaigns": "/campaigns", "show_campaign": "/campaigns/{campaign}",
    "list_recipients": "/campaigns/{campaign}/recipients",
    "list_endpoints": "/webhook-endpoints", "show_endpoint": "/webhook-endpoints/{endpoint}",
    "list_deliveries": "/webhook-deliveries", "show_delivery": "/webhook-deliveries/{delivery}",
}  # fmt: skip
SHARE = {"shares": [{"enrollment": "$enrollment", "share_bp": 10_000}], "reason": "x"}
CONFLICTS: dict[str, tuple[str, Any]] = {
    "change_member": ("/members/{member}", {"version": 9}),
    "change_offer": ("/offers/{offer}", {"version": 9}),
    "set_status_of_offer": ("/offers/{offer}/status", {"status": "active"}),
    "share_conversion": ("/conversions/{conversion}/share", {**SHARE, "seen": []}),
    "answer_question": (
        "/questions/{question}/answer", {"kind": "refuse", "answer": "It was another's."}
    ),
    "record_payout": ("/payouts", {"member": "$member", "amount": "1", "currency": "GBP"}),
    "mark_payout_paid": ("/payouts/{payout}/paid", {}),
    "return_payout": ("/payouts/{payout}/return", {"state": "failed", "reason": "x"}),
    "write_off_debt": ("/write-offs", {"enrollment": "$indebted", "amount": "7", "note": "x"}),
    "confirm_run": ("/payout-runs/{run}/confirm", None),
    "redraft_run": ("/payout-runs/{run}/redraft", None),
    "discard_run": ("/payout-runs/{run}/discard", None),
    "mark_run_paid": ("/payout-runs/{run}/paid", {"amount": "1"}),
    "return_run": ("/payout-runs/{draft}/return", {"state": "failed", "reason": "x"}),
    "pause_campaign": ("/campaigns/{ended_campaign}/pause", None),
    "resume_campaign": ("/campaigns/{campaign}/resume", None),
    "cancel_campaign": ("/campaigns/{ended_campaign}/cancel", None),
}  # fmt: skip
# The second time it is a conflict.
TWICE = {
    "answer_question", "return_payout", "pause_campaign", "resume_campaign", "cancel_campaign",
}  # fmt: skip


def _path_of(name: str) -> tuple[str, str]:
    return ("GET", READS[name]) if name in READS else (RECIPES[name].method, RECIPES[name].path)


def _filled(stage: Stage, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(stage, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(stage, one) for one in value]
    return stage.id(value[1:]) if isinstance(value, str) and value.startswith("$") else value


def _ids(stage: Stage) -> dict[str, str]:
    return {name: stage.id(name) for name in stage.rows}


def _of_nobody(stage: Stage) -> dict[str, str]:
    """An id of no row, for each name."""
    brand_id = stage.cast.juniper.pk
    kinds = {name: KINDS[row._meta.label_lower] for name, row in stage.rows.items()}
    made = {name: public_id(kind, brand_id=brand_id, row_id=10**15) for name, kind in kinds.items()}
    assert row_id_in(kinds["member"], made["member"], brand_id=brand_id) == 10**15
    return made


def _call(stage: Stage, name: str, **how: Any) -> Answer:
    """Call an operation with a body that is not looked at, or a wrong one."""
    method, path = _path_of(name)
    method = how.get("method", method)
    path = path.partition("?")[0] if "query" in how else path
    address = f"{ROOT}{path.format(**how.get('ids', _ids(stage)))}{how.get('query', '')}"
    headers = how.get("headers", stage.shop.headers)
    body, kind = how.get("body", b"{}"), how.get("content_type", "application/json")
    client = Client(raise_request_exception=False)
    answer: Answer = client.generic(method, address, body, content_type=kind, headers=headers)
    return answer


def _other_scope(stage: Stage, name: str) -> Answer:
    reads = name in READS
    scopes = {Scope.READ.value} if not reads else set(Scope.values) - {Scope.READ.value}
    shop = Shop(key_for(stage.cast.juniper, scopes=sorted(scopes)))
    return _call(stage, name, headers=shop.headers)


def _unknown_method(stage: Stage, name: str) -> Answer:
    method = "PUT" if name not in {"list_orders", "list_refunds"} else "PATCH"
    return _call(stage, name, method=method)


def _bad_request(stage: Stage, name: str) -> Answer:
    """A body that is no JSON; where there is none, an Idempotency-Key that is none."""
    if _takes_body(name):
        return _call(stage, name, body=b"{")
    return _call(stage, name, body=b"", headers={**stage.shop.headers, "Idempotency-Key": " "})


def _in_progress(stage: Stage, name: str) -> Answer:
    """The first request with an Idempotency-Key runs still."""
    with stage.at_juniper():
        claim_request(
            key=ApiKey.objects.order_by("pk")[0],
            name="one",
            operation=f"{RECIPES[name].method} {ROOT}{RECIPES[name].address(stage)}",
            body_digest=hashlib.sha256(b"{}").hexdigest(),
            now=LATER,
        )
    return _call(stage, name, headers={**stage.shop.headers, "Idempotency-Key": "one"})


def _too_many(stage: Stage, name: str) -> Answer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RateLimits, "draw", lambda *_: Drawn(False, 1, 0, 1, retry_after=1))
        return _call(stage, name)


def _conflict(stage: Stage, name: str) -> Answer:
    if name not in CONFLICTS:
        return _in_progress(stage, name)
    path, body = CONFLICTS[name]
    address, sent = path.format(**_ids(stage)), _filled(stage, body)
    method = RECIPES[name].method
    if name in TWICE:
        stage.send(method, address, sent)
    return stage.send(method, address, sent)


WAYS: dict[int, Callable[[Stage, str], Answer]] = {
    400: _bad_request,
    401: lambda stage, name: _call(stage, name, headers={}),
    403: _other_scope,
    404: lambda stage, name: _call(stage, name, ids=_of_nobody(stage), body=_body(stage, name)),
    405: _unknown_method,
    409: _conflict,
    413: lambda stage, name: _call(stage, name, body=b'{"first_name": "' + b"x" * 2_000 + b'"}'),
    415: lambda stage, name: _call(stage, name, content_type="text/plain"),
    422: lambda stage, name: _call(stage, name, query="?surprise=1", body=_body(stage, name)),
    429: _too_many,
}


def _takes_body(name: str) -> bool:
    return "requestBody" in operations_of(document())[name]


def _body(stage: Stage, name: str) -> bytes:
    if name not in RECIPES:
        return b""
    with stage.at_juniper():
        body = RECIPES[name].body(stage)
    return b"" if body is None else json.dumps(body).encode()


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = Client().get(f"{ROOT}/openapi.json").json()
    return found


def answers_of(described: dict[str, Any]) -> dict[str, dict[int, dict[str, Any]]]:
    """By operation and status, the schema of the answer."""
    return {
        name: {
            int(status): next(iter(answer["content"].values()))["schema"]
            for status, answer in one["responses"].items()
        }
        for name, one in operations_of(described).items()
    }


def operations_of(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    paths = described["paths"].values()
    return {one["operationId"]: one for path in paths for one in path.values()}


def check(described: dict[str, Any], schema: dict[str, Any], answer: Answer) -> None:
    """Fail where the answer is not as its schema says."""
    whole = {**schema, "components": described["components"]}
    jsonschema_rs.validator_for(whole).validate(answer.json())


def check_body(described: dict[str, Any], name: str, body: Any) -> None:
    """Fail where a body that the operation takes is not one that the document describes."""
    [content] = operations_of(described)[name]["requestBody"]["content"].values()
    whole = {**content["schema"], "components": described["components"]}
    jsonschema_rs.validator_for(whole).validate(body)


@pytest.mark.parametrize("name", sorted(OF_NOUNS))
def test_every_answer_is_reached_and_as_described(
    stage: Stage, name: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_500
    described = document()
    schemas = answers_of(described)[name]
    reached = {status: WAYS[status](stage, name) for status in sorted(schemas.keys() & WAYS.keys())}
    if name in READS:
        reached[200] = stage.get(READS[name].format(**_ids(stage)))
    elif name not in TWICE:
        reached[RECIPES[name].status] = perform(stage, name)
    monkeypatch.setattr(operations, "acting_for", _fails)
    body = _body(stage, name)
    reached[500] = _call(stage, name, body=body)
    if body:
        check_body(described, name, json.loads(body))

    for status, found in reached.items():
        assert found.status_code == status, (status, found.json())
        check(described, schemas[status], found)
    if name in CONFLICTS:
        assert reached[409].json()["current"]
    left = schemas.keys() - reached.keys()
    assert left == ({200} if name in TWICE else set())  # test_changing.py reaches these


def _fails(brand: Any) -> Any:
    raise RuntimeError("a defect")


def test_no_answer_is_described_that_no_test_reaches() -> None:
    schemas = answers_of(document())

    assert READS.keys() | RECIPES.keys() == OF_NOUNS
    assert {name for name in OF_NOUNS if 409 in schemas[name]} == (
        RECIPES.keys() - {"delete_endpoint"}  # what is deleted already is not found
    )
    assert CONFLICTS.keys() <= RECIPES.keys()
    assert {status for name in OF_NOUNS for status in schemas[name]} == {
        200, 201, 500, *WAYS
    }  # fmt: skip
