"""Every list and every single one: complete, in pages, of the own brand alone, with few queries."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from tests.api.nouns.stage import ROOT, Stage, id_of
from tests.api.shop import Shop, key_for
from tests.cast import NOW, SYSTEM, order
from tracking.orders.recording import record_order

# The lists, the address of one of each, and the name of its row on the stage.
LISTS = {
    "/members": ("/members/{}", "member"),
    "/offers": ("/offers/{}", "offer"),
    "/enrollments": ("/enrollments/{}", "enrollment"),
    "/codes": ("/codes/{}", "code"),
    "/links": ("/links/{}", "link"),
    "/link-domains": ("/link-domains/{}", "link_domain"),
    "/clicks": ("/clicks/{}", "click"),
    "/refunds": ("/refunds/{}", "refund"),
    "/revisions?order={order}": ("/revisions/{}", "revision"),
    "/conversions": ("/conversions/{}", "conversion"),
    "/flags": ("/flags/{}", "flag"),
    "/questions": ("/questions/{}", "question"),
    "/payouts": ("/payouts/{}", "payout"),
    "/payout-runs": ("/payout-runs/{}", "run"),
    "/campaigns": ("/campaigns/{}", "campaign"),
    "/webhook-endpoints": ("/webhook-endpoints/{}", "endpoint"),
    "/webhook-deliveries": ("/webhook-deliveries/{}", "delivery"),
    "/orders": ("", "order"),
    "/orders?unattributed=true": ("", "unattributed"),
}
SINGLE = {
    "/campaigns/{}/recipients": "campaign",
    "/terms/{}": "terms",
    "/offers/{}/terms": "offer",
    "/enrollments/{}/balance": "enrollment",
    "/payout-runs/{}/members": "run",
    **{path: name for path, name in LISTS.values() if path},
}
every_list = pytest.mark.parametrize("path", LISTS)


def listed(stage: Stage, path: str, more: str = "") -> Any:
    """What a list answers, with `more` in its query."""
    address = path.format(order=stage.id("order"))
    joint = "" if not more else ("&" if "?" in address else "?")
    answer = stage.get(f"{address}{joint}{more}")
    assert answer.status_code == 200, answer.json()
    return answer.json()


@every_list
def test_a_list_holds_the_row_and_one_by_its_id_is_the_same(stage: Stage, path: str) -> None:
    single, name = LISTS[path]
    rows = {row["id"]: row for row in listed(stage, path)["data"]}

    assert stage.id(name) in rows
    if single:
        alone = stage.get(single.format(stage.id(name))).json()
        shown = rows[stage.id(name)]
        assert {key: alone[key] for key in shown} == shown


@every_list
def test_pages_leave_out_nothing_and_show_nothing_twice(stage: Stage, path: str) -> None:
    whole = [row["id"] for row in listed(stage, path, "limit=200")["data"]]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = listed(stage, path, f"limit=1&cursor={cursor}" if cursor else "limit=1")
        assert len(page["data"]) <= 1
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]

    assert seen == whole
    assert whole


@every_list
def test_a_list_is_of_the_own_brand_alone(stage: Stage, path: str) -> None:
    ours = {row["id"] for row in listed(stage, path)["data"]}
    theirs = Shop(key_for(stage.cast.saltmarsh))
    answer = theirs.ask(f"{ROOT}{path.format(order=stage.id('order'))}")

    if "order={order}" in path:  # the filter names an order of another brand
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["code"] == "unknown_id"
    else:
        found = answer.json()["data"]
        assert not ours & {row["id"] for row in found}


@pytest.mark.parametrize("path", SINGLE)
def test_another_brands_row_answers_like_one_that_does_not_exist(stage: Stage, path: str) -> None:
    theirs = Shop(key_for(stage.cast.saltmarsh))
    row = stage.rows[SINGLE[path]]
    kind = IdKind(id_of(row).partition("_")[0])
    missing = public_id(kind, brand_id=row.brand_id, row_id=10**15)
    altered = id_of(row)[:-1] + ("0" if id_of(row)[-1] != "0" else "1")
    wrong_kind = f"{'cod' if kind != IdKind.CODE else 'lnk'}_{id_of(row)[4:]}"

    answers = [theirs.ask(f"{ROOT}{path.format(id_of(row))}")]
    answers += [stage.get(path.format(text)) for text in (missing, altered, wrong_kind, "1")]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "not_found")}
    assert stage.get(path.format(id_of(row))).status_code == 200


# With the key, and its use that is noted once a minute.
QUERIES = {
    "/members": 4, "/offers": 3, "/enrollments": 4, "/codes": 2, "/links": 2, "/clicks": 2,
    "/refunds": 2, "/revisions?order={order}": 2, "/conversions": 2, "/flags": 2, "/questions": 2,
    "/payouts": 2, "/payout-runs": 3, "/orders": 2, "/orders?unattributed=true": 2,
    "/campaigns": 3, "/webhook-endpoints": 3, "/webhook-deliveries": 2, "/link-domains": 2,
}  # fmt: skip


@every_list
def test_the_number_of_queries_does_not_depend_on_the_rows(stage: Stage, path: str) -> None:
    listed(stage, path)  # the key's use is noted
    address = f"{ROOT}{path.format(order=stage.id('order'))}"
    joint = "&" if "?" in address else "?"
    counts = []
    for limit in (1, 3):
        with CaptureQueriesContext(connection) as asked:
            stage.shop.ask(f"{address}{joint}limit={limit}")
        counts.append(len(asked))

    assert counts == [QUERIES[path]] * 2


EXPANDED = {
    "/offers": ("terms", 3),
    "/enrollments": ("member,offer", 9),
    "/codes": ("enrollment", 5),
    "/links": ("enrollment", 5),
    "/clicks": ("enrollment", 5),
    "/conversions": ("order,member,offer,enrollment", 11),
    "/flags": ("conversion", 3),
    "/questions": ("enrollment", 5),
    "/payouts": ("member", 5),
}


@pytest.mark.parametrize("path", EXPANDED)
def test_what_is_asked_for_is_shown_whole(stage: Stage, path: str) -> None:
    names, queries = EXPANDED[path]
    plain = listed(stage, path)["data"]
    with CaptureQueriesContext(connection) as asked:
        whole = listed(stage, path, f"expand={names}")["data"]

    for name in names.split(","):
        assert [row[name]["id"] for row in whole] == [row[name] for row in plain]
    assert len(asked) == queries


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limt=1", "limt", "unknown_field"),
        ("limit=0", "limit", "greater_than_equal"),
        ("limit=201", "limit", "less_than_equal"),
        ("limit=x", "limit", "int_parsing"),
        ("limit=2.0", "limit", "int_parsing"),
        ("limit=%2B5", "limit", "int_parsing"),
        ("limit=1_0", "limit", "int_parsing"),
        ("limit=1&limit=2", "limit", "duplicate"),
        ("expand=payout", "expand", "not_expandable"),
        ("cursor=x", "cursor", "invalid_cursor"),
        ("cursor=%00", "cursor", "control_character"),
        ("created_since=2026-11-20T10:00Z", "created_since", "not_a_time"),
        ("created_since=2026-11-20T10:00:00,5Z", "created_since", "not_a_time"),
        ("created_since=2026-11-20T10:00:00%2B01", "created_since", "not_a_time"),
        ("created_since=2026-11-20T10:00:00%2B01:00:30", "created_since", "not_a_time"),
        ("created_since=2026-11-20%2010:00:00Z", "created_since", "not_a_time"),
        ("offer=ofr_1", "offer", "unknown_id"),
        ("member=12", "member", "unknown_id"),
        ("status=gone", "status", "literal_error"),
        ("created_since=yesterday", "created_since", "not_a_time"),
        ("created_since=2026-11-20T10:00:00", "created_since", "not_a_time"),
        ("created_since=2026-W01-1T00:00:00Z", "created_since", "not_a_time"),
    ],
)
def test_a_wrong_query_is_named(stage: Stage, query: str, field: str, code: str) -> None:
    answer = stage.get(f"/conversions?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (field, code) in [(one["field"], one["code"]) for one in answer.json()["problems"]]


def test_a_cursor_is_for_its_list_its_filters_and_its_brand_alone(stage: Stage) -> None:
    cursor = listed(stage, "/conversions", "limit=1")["next_cursor"]
    altered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    theirs = Shop(key_for(stage.cast.saltmarsh))

    refused = [
        stage.get(f"/clicks?cursor={cursor}"),
        stage.get(f"/conversions?status=accepted&cursor={cursor}"),
        stage.get(f"/conversions?cursor={altered}"),
        theirs.ask(f"{ROOT}/conversions?cursor={cursor}"),
    ]

    assert [one.json()["problems"][0]["code"] for one in refused] == ["invalid_cursor"] * 4
    assert stage.get(f"/conversions?limit=2&cursor={cursor}").status_code == 200


BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def test_a_cursor_of_which_a_character_was_altered_is_refused(stage: Stage) -> None:
    """Also the last one, of which base64 leaves bits unused."""
    cursor = listed(stage, "/conversions", "limit=1")["next_cursor"]
    assert len(cursor) % 4, "the last character has no unused bits"
    altered = [cursor[:-1] + one for one in BASE64 if one != cursor[-1]]
    altered += [cursor[:-1], cursor + "=", cursor + "A", "%20" + cursor]

    answers = [stage.get(f"/conversions?limit=1&cursor={one}") for one in altered]

    assert {one.status_code for one in answers} == {422}
    assert {one.json()["problems"][0]["code"] for one in answers} == {"invalid_cursor"}


def test_a_cursor_goes_on_where_it_was_when_rows_come_meanwhile(stage: Stage) -> None:
    first = listed(stage, "/orders", "limit=1")
    rest = listed(stage, "/orders", "limit=200")["data"][1:]
    with acting_for(stage.cast.juniper):
        record_order(source="shop", order=order("9100"), by=SYSTEM, now=NOW)

    after = listed(stage, "/orders", f"limit=200&cursor={first['next_cursor']}")

    assert after["data"] == rest


FILTERS: list[tuple[str, Callable[[Stage], str]]] = [
    ("/members?search=mara", lambda stage: stage.id("member")),
    ("/offers?status=active&kind=both&search=glow", lambda stage: stage.id("offer")),
    ("/enrollments?member={member}", lambda stage: stage.id("enrollment")),
    ("/codes?code=mara15", lambda stage: stage.id("code")),
    ("/codes?enrollment={enrollment}&status=active", lambda stage: stage.id("code")),
    ("/links?enrollment={enrollment}", lambda stage: stage.id("link")),
    ("/clicks?enrollment={enrollment}", lambda stage: stage.id("click")),
    ("/refunds?order={order}", lambda stage: stage.id("refund")),
    ("/orders?unattributed=true&brought=code&search=9002", lambda s: s.id("unattributed")),
    ("/conversions?member={member}&evidence=code", lambda stage: stage.id("conversion")),
    ("/conversions?search=9001&status=accepted", lambda stage: stage.id("conversion")),
    ("/flags?state=open&kind=fast_order&conversion={conversion}", lambda s: s.id("flag")),
    ("/questions?state=open&member={member}", lambda stage: stage.id("question")),
    ("/payouts?state=processing", lambda stage: stage.id("open_payout")),
    ("/payout-runs?state=draft", lambda stage: stage.id("draft")),
    (
        "/webhook-deliveries?endpoint={endpoint}&event=webhook.test&state=pending",
        lambda stage: stage.id("delivery"),
    ),
]


@pytest.mark.parametrize(("path", "wanted"), FILTERS)
def test_a_filter_leaves_what_it_names(
    stage: Stage, path: str, wanted: Callable[[Stage], str]
) -> None:
    names = ("member", "enrollment", "order", "endpoint", "conversion")

    answer = stage.get(path.format(**{name: stage.id(name) for name in names}))

    assert [row["id"] for row in answer.json()["data"]] == [wanted(stage)]


def test_times_bound_a_list(stage: Stage) -> None:
    at = NOW.isoformat().replace("+00:00", "Z")

    since = stage.get(f"/members?created_since={at}").json()["data"]
    before = stage.get(f"/members?created_before={at}").json()["data"]

    assert (len(since), before) == (3, [])


def test_filters_that_a_long_list_has_no_index_for_need_the_short_list(stage: Stage) -> None:
    answer = stage.get("/orders?source=shop")

    assert answer.json()["problems"] == [
        {"field": "source", "code": "misplaced", "message": "needs unattributed=true beside it"}
    ]


# The index that lists the rows of a brand in the sequence of its cursor.
INDEXES = {
    "affiliates_member": ("joined_at", "affiliates_member_new"),
    "offers_enrollment": ("joined_at", "offers_enrollment_new"),
    "tracking_promocode": ("created_at", "tracking_code_new"),
    "tracking_trackinglink": ("created_at", "tracking_link_new"),
    "tracking_click": ("clicked_at", "clicked_at_id_idx"),
    "tracking_order": ("received_at", "tracking_order_received"),
    "tracking_refund": ("received_at", "tracking_refund_received"),
    "tracking_conversion": ("occurred_at", "tracking_conversion_new"),
    "tracking_question": ("asked_at", "tracking_question_new"),
    "payouts_payout": ("created_at", "payouts_payout_newest"),
    "webhooks_delivery": ("created_at", "webhooks_delivery_new"),
}


@pytest.mark.parametrize("table", INDEXES)
@pytest.mark.django_db
def test_an_index_leads_to_each_page_without_sorting(table: str) -> None:
    """So the last page of a million rows costs what the first of ten does."""
    column, index = INDEXES[table]
    with connection.cursor() as cursor:
        # In a table with few rows, sorting them would cost less than any index.
        for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            f"EXPLAIN SELECT * FROM {table} WHERE brand_id = 1 AND {column} <= now()"  # noqa: S608
            f" AND ({column} < now() OR id < 5) ORDER BY {column} DESC, id DESC LIMIT 51"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert index in plan
    assert "Sort" not in plan


# Filters that few rows of a long list may match, and the index that holds them alone.
FILTERED = [
    ("affiliates_member", "joined_at", "NOT is_enrolled", "affiliates_member_in_no_offer"),
    ("offers_enrollment", "joined_at", "status = 'removed'", "offers_enrollment_away"),
    ("tracking_promocode", "created_at", "status = 'inactive'", "tracking_code_ended"),
    ("tracking_trackinglink", "created_at", "status = 'inactive'", "tracking_link_ended"),
    ("tracking_conversion", "occurred_at", "status = 'rejected'", "tracking_conversion_rejected"),
    ("tracking_conversion", "occurred_at", "member_id = 1", "tracking_conversion_member"),
    ("tracking_conversion", "occurred_at", "evidence = 'click'", "tracking_conversion_evidence"),
    ("payouts_payout", "created_at", "state = 'failed'", "payouts_payout_in_state"),
]


@pytest.mark.parametrize(("table", "column", "condition", "index"), FILTERED)
@pytest.mark.django_db
def test_an_index_leads_to_the_few_rows_of_a_filter(
    table: str, column: str, condition: str, index: str
) -> None:
    """So a page of them costs the same however many other rows there are."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            f"EXPLAIN SELECT * FROM {table} WHERE brand_id = 1 AND {condition}"  # noqa: S608
            f" ORDER BY {column} DESC, id DESC LIMIT 51"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert index in plan
    assert "Sort" not in plan
