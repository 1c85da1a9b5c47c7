"""How every file of ours is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.architecture.source import (
    PACKAGES,
    ROOT,
    calls,
    imported,
    imported_at_the_start,
    migrations,
    modules,
    our_files,
    relative,
    templates,
    tree,
)

MAX_LINES = 400
# Not written by hand, or a list by nature.
LONGER = re.compile(  # generated, or a list
    r"requirements/.*\.txt|.*/migrations/\d{4}_\w+\.py|static/icons\.svg"
    r"|clients/python/tributary_client/nouns/\w+\.py"
)
TEXT = {".py", ".html", ".css", ".js", ".md", ".toml", ".yml", ".sh", ".txt", ".in"}

# The modules in whose loops over brands a defect ends all of it. What they do is done in each of
# them or in none, or the loop does nothing that can fail in one of them alone.
ONE_ACT_IN_SEVERAL_BRANDS = {
    "accounts/audit_log/security_log.py",
    "accounts/operators.py",
    "affiliates/address_change.py",
    "integrations/comparing.py",
    "integrations/working.py",
    "payouts/details.py",
    "payouts/releases.py",
    "tracking/links/conversion_sources.py",
    "tracking/management/commands/reconcile.py",
    "tracking/privacy/erasure.py",
    "webhooks/sending.py",
}

# The modules that read over all brands, and how often; the call gives the reason.
ACROSS_BRANDS = {
    "accounts/api_keys.py": 1,
    "accounts/idempotency.py": 1,
    "accounts/invitation_links.py": 1,
    "accounts/outbox/retention.py": 1,
    "accounts/selectors.py": 2,
    "api/work_metrics.py": 1,
    "background/sweeping.py": 1,
    "core/resealing.py": 1,
    "integrations/comparing.py": 1,
    "integrations/filling.py": 1,
    "integrations/receiving.py": 1,
    "integrations/retention.py": 2,
    "integrations/rhythm.py": 1,
    "integrations/working.py": 1,
    "accounts/staff_mails.py": 1,
    "notices/reading.py": 1,
    "notices/retention.py": 1,
    "notices/selectors.py": 2,
    "notices/sending.py": 1,
    "notifications/services/pacing.py": 1,
    "notifications/services/reported_events.py": 1,
    "notifications/services/sweeping.py": 1,
    "offers/dashboard_links.py": 1,
    "tracking/links/link_domains.py": 3,
    "tracking/links/own_slugs.py": 1,
    "payouts/releases.py": 3,
    "tracking/figures/creator_brands.py": 1,
    "tracking/figures/creator_earnings.py": 2,
    "tracking/figures/creator_report.py": 3,
    "tracking/links/destinations.py": 5,
    "tracking/links/refused_lines.py": 1,
    "tracking/privacy/erasure.py": 2,
    "tracking/privacy/export.py": 1,
    "tracking/flags/checking.py": 1,
    "webhooks/channels.py": 1,
    "webhooks/dispatching.py": 1,
    "webhooks/queue.py": 1,
    "webhooks/retention.py": 1,
    "webhooks/sending.py": 1,
    "webhooks/stopping.py": 1,
    "webhooks/telling.py": 1,
}


def test_the_search_finds_the_source() -> None:
    assert len(list(modules())) > 100
    assert {relative(path).split("/")[0] for path in modules()} == set(PACKAGES)


def test_no_file_is_long() -> None:
    long = {
        relative(path): lines
        for path in our_files()
        if path.suffix in TEXT and not LONGER.fullmatch(relative(path))
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    }

    assert long == {}


def test_modules_that_read_over_all_brands_are_listed_and_give_a_reason() -> None:
    found: dict[str, int] = {}
    for path in modules():
        for call in calls(path, "across_brands"):
            found[relative(path)] = found.get(relative(path), 0) + 1
            reasons = [word.value for word in call.keywords if word.arg == "reason"]
            assert len(reasons) == 1, f"{relative(path)}:{call.lineno} gives no reason"
            assert isinstance(reasons[0], ast.Constant), f"{relative(path)}:{call.lineno}"

    assert found == ACROSS_BRANDS


def test_a_defect_in_one_brand_holds_up_no_other() -> None:
    """A loop over brands goes on after it, but for those that are one act of one person."""
    stopping = {
        relative(path)
        for path in modules()
        for loop in ast.walk(tree(path))
        if isinstance(loop, ast.For)
        for inner in loop.body
        if isinstance(inner, ast.With)
        and "acting_for" in (entered := ast.unparse(inner).partition("\n")[0])
        and "defects_logged" not in entered
    }

    assert stopping == ONE_ACT_IN_SEVERAL_BRANDS


def test_only_tenancy_reaches_past_the_tenant_manager() -> None:
    ways_round = re.compile(r"\b(_scope\b|_raw_delete|models\.Manager\(\)|QuerySet\(model)")

    found = [
        relative(path)
        for path in modules()
        if relative(path) != "core/tenancy.py" and ways_round.search(path.read_text())
    ]

    assert found == []


def test_the_libraries_of_pdf_files_are_loaded_when_one_is_made() -> None:
    """No process that starts waits for them: no module that it imports leads to them."""

    def loading(module: str) -> set[str]:
        """The files of the modules that import this one, or something of it, as they are loaded."""
        return {
            relative(path)
            for path in modules()
            if any(f"{name}.".startswith(f"{module}.") for name in imported_at_the_start(path))
        }

    documents = loading("core.pdf_document")

    assert loading("fpdf") | loading("fontTools") == {"core/pdf_document.py"}
    assert len(documents) == 3
    for path in documents:
        assert path.endswith("_pdf.py")
        assert not loading(path.removesuffix(".py").replace("/", "."))


def test_no_module_is_an_attic() -> None:
    attics = {"utils", "util", "helpers", "helper", "lib", "misc", "common", "shared"}

    assert [relative(path) for path in modules() if attics & {*path.parts, path.stem}] == []


def test_no_signals() -> None:
    signals = re.compile(r"(django|celery)\.[a-z.]*signals|django\.dispatch")

    assert [
        f"{relative(path)}: {name}"
        for path in modules()
        for name in imported(path)
        if signals.match(name)
    ] == []


def test_one_module_listens_to_a_librarys_signals_of_logins() -> None:
    listening = re.compile(r"allauth\..*signals")
    found = {
        relative(path) for path in modules() for name in imported(path) if listening.match(name)
    }

    assert found == {"accounts/login_records.py"}


def test_nobody_logs_in_past_the_login_that_asks_and_records() -> None:
    """Django's own login() asks for no second factor: allauth's perform_login does."""
    past = {"django.contrib.auth.login", "django.contrib.auth.alogin"}

    assert [
        f"{relative(path)}: {name}" for path in modules() for name in imported(path) if name in past
    ] == []


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]


def test_no_model_orders_itself_or_saves_in_its_own_way() -> None:
    """`save` stands in core.tenancy alone; forms are not models and have none of their own.

    core.cache is no model either: what it deletes are keys of a cache. Nor is a noun of the API.
    """
    own, allowed = {"save", "delete", "bulk_create"}, {
        "core/tenancy.py", "core/cache.py", "api/resources/operations.py",
    }  # fmt: skip
    found = []
    for path in modules():
        for node in classes(path):
            names = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            assigned = {
                getattr(target, "id", "")
                for item in node.body
                if isinstance(item, ast.Assign)
                for target in item.targets
            }
            if (names & own and relative(path) not in allowed) or (
                node.name == "Meta" and "ordering" in assigned
            ):
                found.append(f"{relative(path)}:{node.lineno} {node.name}")

    assert found == []


def test_a_condition_that_has_a_name_is_asked_for_by_it() -> None:
    """Whether an item is in use, who is in an offer: `in_use()`, `active()`, `not_removed()`."""
    by_hand = re.compile(r"ItemStatus\.|(filter|exclude)\(\s*[^()]*\bEnrollmentStatus\.")
    models = {"offers/models.py", "tracking/models/items.py"}

    found = {relative(path) for path in modules() if by_hand.search(path.read_text())}

    assert found == models


def test_the_brand_acted_for_is_read_in_one_place() -> None:
    by_hand = re.compile(r"Brand\.objects\.get\(pk=current_brand_id\(\)\)")

    found = {relative(path) for path in modules() if by_hand.search(path.read_text())}

    assert found == {"accounts/selectors.py"}


def test_one_module_changes_the_language() -> None:
    """So the language of a text and the form of its amounts are always those of one reader."""
    changes = re.compile(
        r"\btranslation\.(?:activate|deactivate|override)|utils.translation import .*activate"
    )

    found = {relative(path) for path in modules() if changes.search(path.read_text())}

    assert found == {"core/languages.py"}
    assert not [relative(path) for path in templates() if "{% language" in path.read_text()]


def test_rows_are_referred_to_by_references() -> None:
    """ "enrollment:12" is made and taken apart in core.references alone."""
    kinds = "|".join(str(model._meta.model_name) for model in apps.get_models())
    by_hand = re.compile(rf"""["'](?:{kinds}):(?:\{{|["'])""")
    # Names of locks, of what comes from a shop.
    locks = {"tracking/orders/identity.py", "tracking/orders/refunds.py"}

    found = {relative(path) for path in modules() if by_hand.search(path.read_text())}

    assert found == locks


def test_no_form_takes_an_address_that_no_column_holds() -> None:
    """Django's own limit for the field of a form is higher than that of a model's."""
    limits = [
        (relative(path), {word.arg: ast.unparse(word.value) for word in call.keywords})
        for path in modules()
        for call in calls(path, "EmailField")
        if ast.unparse(call.func) == "forms.EmailField"
    ]

    assert len(limits) > 4
    assert [path for path, words in limits if words.get("max_length") != "MAX_ADDRESS_LENGTH"] == []


def test_no_float_is_called_money() -> None:
    """No float() and no FloatField anywhere an amount could pass."""
    money = ("core/money.py", "offers/", "payouts/", "tracking/")
    found = [
        f"{relative(path)}:{call.lineno}"
        for path in modules()
        if relative(path).startswith(money)
        for name in ("float", "FloatField")
        for call in calls(path, name)
    ]

    assert found == []


def test_nothing_is_left_for_later() -> None:
    # Put together here, so that this file doesn't find itself.
    marks = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X:", "Not" + "ImplementedError"])
    )

    assert [
        relative(path)
        for path in our_files()
        if path.suffix in TEXT and marks.search(path.read_text())
    ] == []


def test_every_module_says_why_it_exists() -> None:
    plain = {"apps.py", "urls.py", "__init__.py"}
    silent = [
        relative(path)
        for path in modules()
        if path.name not in plain and not ast.get_docstring(tree(path))
    ]

    assert silent == []


MIGRATION_NAME = re.compile(r"\d{4}_[a-z][a-z0-9_]*")


@pytest.mark.parametrize("path", list(migrations()), ids=relative)
def test_a_migration_is_named_and_imports_no_application_code(path: Path) -> None:
    assert MIGRATION_NAME.fullmatch(path.stem)
    assert "auto" not in path.stem.split("_")
    ours = {name for name in imported(path) if name.split(".")[0] in PACKAGES}
    assert {name.rpartition(".")[0] for name in ours} <= {"core.db"}


def test_every_app_with_models_has_migrations() -> None:
    found = {path.parent.parent.name for path in migrations()}

    assert found == {path.parent.name for path in ROOT.glob("*/migrations")}
    assert "tracking" in found
