"""Writes, posts to the ledger, locks and sent mail happen in listed modules, not in pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import modules, relative, tree

WRITES, POSTS, LOCKS, SENDS = "writes", "posts", "locks", "sends"
WEB_PACKAGES = ("brand_admin/", "portal/", "api/", "edge/", "config/")

# Methods of a queryset, a manager or a row. `update` and `create` take keywords alone: that tells
# them from those of a dict; `save` and `delete` take update_fields or nothing.
WRITING = {
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "copy_rows",
    "append_many",
    "insert_many",
    "insert_rows",
    "update_rows",
}
WRITING_BY_KEYWORD = {"update", "create", "create_user", "create_superuser"}
LOCKING = {"select_for_update", "lock_identities"}
SENDING = {"send_transactional_mail", "send_messages", "send_mail", "mail_change", "submit"}
SQL_WRITES = re.compile(r"\b(INSERT INTO|UPDATE \w+\s+SET|DELETE FROM|TRUNCATE)\b")
SQL_LOCKS = re.compile(r"\b(pg_advisory\w*|FOR (NO KEY )?UPDATE|LOCK TABLE)\b")

# Services, and what keeps rows for them.
WRITERS = {
    "accounts": """
        api_keys api_requests proven_addresses audit_log/audit brands code_limits code_mail_queue
        codes idempotency invitations login_failures models/api_requests models/users operators
        order_keys
        outbox/retention outbox/triggers passkeys pictures second_factor services sessions
        staff_mails test_mode totp_codes
    """,
    "affiliates": """
        address_change details logins notes segments services
    """,
    "background": """
        erasure files running sweeping work_requests
    """,
    "core": """
        db jobs kept_sums periodic_tasks resealing tenancy
    """,
    "integrations": """
        codes comparing connections filling privacy receiving replaying retention rhythm
        states working
    """,
    "notices": """
        choosing models months reading retention sending
    """,
    "notifications": """
        queue services/campaigns services/delivery services/erasure services/message_transitions
        services/pacing services/reported_events services/suppression services/sweeping
        services/templates services/waiting_mails
    """,
    "offers": """
        projects services
    """,
    "payouts": """
        details releases resealing run_files run_lines runs services taking_back
    """,
    "tracking": """
        questions/services commissions/click_earnings commissions/posting commissions/settlement
        links/bulk_generation
        links/conversion_sources links/generating links/keeping links/link_domains links/membership
        links/own_slugs links/promo_codes links/refused_lines links/storing links/tracking_links
        links/visitor_keys
        models/conversions models/days models/items models/link_addresses models/orders
        orders/applying orders/brand_basics orders/crediting
        orders/exchange orders/looking_again
        orders/recording orders/refunds orders/revising orders/saving orders/sharing privacy/erasure
        privacy/free_texts privacy/shoppers
        importing/column_choice totals/arriving_clicks totals/conversion_sources totals/daily
        totals/new_sources
        flags/checking flags/deciding flags/leaks flags/settings
    """,
    "webhooks": """
        channels dispatching endpoints models/deliveries outcomes queue redelivering retention
        stopping telling
    """,
}
# The demo brand, and the tool that proves that a restored copy refuses what it must.
LOCAL_TOOLS = {"config/local/demo.py", "config/local/drill/refusals.py"}
POSTERS = {
    "tracking/commissions/posting.py",
    "payouts/services.py",
}
# They lock what others write; every other module locks what it writes itself.
LOCKERS = {
    "offers/enrolled.py",
    "integrations/recording.py",
    "tracking/importing/members.py",
    "tracking/links/partitions.py",
    "tracking/samples/test_mode.py",
    "tracking/commissions/caps.py",
    "tracking/commissions/new_customers.py",
    "tracking/commissions/tier_progress.py",
    "tracking/orders/approval.py",
}
SENDERS = {
    "affiliates/code_mail.py",
    "accounts/invitations.py",
    "core/transactional_mail.py",
    "notifications/transport.py",
    "notifications/services/delivery.py",
    "affiliates/notices.py",
    "accounts/change_mail.py",
    "accounts/password_reset.py",
    "accounts/adapter.py",
    "webhooks/sending.py",  # it gives calls to threads, which has the same name
    "accounts/owner_mail.py",
    "accounts/staff_mails.py",
}


def kinds_in(path: Path) -> set[str]:
    return {kind for node in ast.walk(tree(path)) for kind in _kinds(node)}


def _kinds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if SQL_WRITES.search(node.value):
            yield WRITES
        if SQL_LOCKS.search(node.value):
            yield LOCKS
    elif isinstance(node, ast.Call):
        yield from _kinds_of_call(node)


def _kinds_of_call(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    by_keyword = bool(call.keywords) and not call.args
    if name in WRITING or (name in WRITING_BY_KEYWORD and by_keyword) or _saves(call, name):
        yield WRITES
    if name == "LedgerEntry":
        yield POSTS
    if name in LOCKING:
        yield LOCKS
    if name in SENDING or (name == "send" and not call.args and not call.keywords):
        yield SENDS


def _saves(call: ast.Call, name: str) -> bool:
    if name not in {"save", "delete"} or not isinstance(call.func, ast.Attribute) or call.args:
        return False
    return {word.arg for word in call.keywords} <= {"update_fields"}


def found() -> dict[str, set[str]]:
    return {relative(path): kinds for path in modules() if (kinds := kinds_in(path))}


def writers() -> set[str]:
    named = {f"{package}/{name}.py" for package, names in WRITERS.items() for name in names.split()}
    return named | LOCAL_TOOLS


def modules_that(kind: str) -> set[str]:
    return {path for path, kinds in found().items() if kind in kinds}


def test_what_writes_is_listed_and_what_is_listed_writes() -> None:
    assert modules_that(WRITES) == writers()


def test_what_posts_to_the_ledger_is_listed() -> None:
    assert modules_that(POSTS) == POSTERS


def test_what_locks_writes_too_or_is_listed() -> None:
    assert modules_that(LOCKS) - writers() == LOCKERS


def test_what_sends_mail_is_listed() -> None:
    assert modules_that(SENDS) == SENDERS


def test_a_face_does_none_of_it() -> None:
    assert {path for path in found() if path.startswith(WEB_PACKAGES)} == LOCAL_TOOLS


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("row.save()", WRITES),
        ("row.save(update_fields=['name'])", WRITES),
        ("rows.filter(pk=1).delete()", WRITES),
        ("Brand.objects.create(name='x')", WRITES),
        ("rows.update(state='paid')", WRITES),
        ("cursor.execute('UPDATE payouts_payout SET state = 1')", WRITES),
        ("LedgerEntry(amount_minor=1)", POSTS),
        ("rows.select_for_update(of=('self',))", LOCKS),
        ("cursor.execute('SELECT pg_advisory_xact_lock(1)')", LOCKS),
        ("send_transactional_mail('code', to=address)", SENDS),
        ("mail.send()", SENDS),
    ],
)
def test_the_search_knows_it_when_it_sees_it(line: str, kind: str) -> None:
    assert {found for node in ast.walk(ast.parse(line)) for found in _kinds(node)} == {kind}


@pytest.mark.parametrize(
    "line", ["values.update(other)", "kept.update({'a': 1})", "keys.delete('a')"]
)
def test_what_only_looks_like_it_is_none(line: str) -> None:
    assert [kind for node in ast.walk(ast.parse(line)) for kind in _kinds(node)] == []
