"""Every management command of ours in an outage: a sentence, an exit code, no traceback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from core import commands
from core.commands import OUTAGE_EXIT_CODE, STOPPED_EXIT_CODE
from tests.own_processes import MAX_WAIT_SECONDS, ROOT, until
from tests.own_servers import OwnServers
from tests.programs import Program, run_forked

OURS = sorted(
    name
    for name, app in get_commands().items()
    if (ROOT / app.replace(".", "/") / "management").is_dir()
)
OF_BRAND = ["--brand", "juniper"]
OF_OFFER = [*OF_BRAND, "--offer", "Glow"]
# What each is called with; a new command has to be added here.
ARGUMENTS = {
    "addresses": [],
    "changepassword": ["nobody@tributary.example"],
    "create_api_key": OF_BRAND,
    "create_brand": [
        "fresh", "--name", "Fresh", "--currency", "GBP", "--timezone", "Europe/London",
        "--owner", "ada@fresh.example",
    ],
    "create_offer": [
        *OF_BRAND, "--name", "Fresh", "--kind", "both", "--percent", "10",
        "--destination", "https://fresh.example",
    ],
    "create_operator": ["olga@tributary.example"],
    "dashboard_link": [*OF_OFFER, "--member", "mara@lindqvist.example"],
    "delete_test_data": OF_BRAND,
    "export_offer": OF_OFFER,
    "import_members": ["{file}", *OF_OFFER],
    "import_orders": ["{file}", *OF_BRAND, "--source", "shop"],
    "invite_staff": ["noor@juniper.example", *OF_BRAND],
    "listen": OF_BRAND,
    "load_demo": [],
    "reconcile": [],
    "reseal_connections": [],
    "reseal_details": [],
    "reseal_webhooks": [],
    "store_clicks": [],
}  # fmt: skip
PASSWORD = "a-word-that-nobody-may-see"
STARTED_HERE = "started here"  # what PostgreSQL calls the connections of these commands
# Runs one command after another as manage.py does, with what each said and how it ended.
SCRIPT = """
import contextlib, io, json, sys
from core.commands import main

results = {}
for name, arguments in json.loads(sys.argv[1]).items():
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main(["manage.py", name, *arguments])
            code = 0
        except SystemExit as end:
            code = end.code
        except BaseException as error:
            code = repr(error)
    results[name] = [code, out.getvalue()]
print(json.dumps(results))
"""


def run_all(calls: dict[str, list[str]], database: str) -> dict[str, tuple[object, str]]:
    done = run_forked(
        SCRIPT, json.dumps(calls),
        environment={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "LOG_LEVEL": "CRITICAL",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[object, str]] = json.loads(done.stdout)
    return found


def orders_file(folder: Path, rows: int) -> Path:
    path = folder / "orders.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku",
             "product", "quantity", "unit_price"]
        )  # fmt: skip
        for number in range(rows):
            writer.writerow(
                [f"C{number}", "2026-11-20T10:00:00Z", "GBP", f"c{number}", "MARA15", "S", "Soap",
                 1, "10.00"]
            )  # fmt: skip
    return path


def test_every_command_of_ours_is_called_here_and_says_what_it_kept() -> None:
    classes = {
        name: __import__(f"{get_commands()[name]}.management.commands.{name}", fromlist=["Command"])
        for name in OURS
    }

    assert set(ARGUMENTS) == set(OURS)
    assert [n for n in OURS if not issubclass(classes[n].Command, commands.Command)] == []


def test_a_server_that_is_away_is_one_line_and_exit_code_75(tmp_path: Path) -> None:
    file = str(orders_file(tmp_path, 1))
    calls = {
        name: [one.format(file=file) for one in ARGUMENTS[name]]
        for name in OURS
        if name != "store_clicks"  # which waits for servers that are away: tests.faults.test_clicks
    }
    calls |= {"migrate": [], "showmigrations": ["accounts"]}  # Django's own say as much

    ended = run_all(calls, f"postgres://tributary:{PASSWORD}@127.0.0.1:1/gone")

    for name, (code, said) in ended.items():
        assert code == OUTAGE_EXIT_CODE, f"{name}: {code} {said}"
        assert len(said.splitlines()) == 1, f"{name}: {said}"
        assert "PostgreSQL at 127.0.0.1:1, database gone is not available: " in said
        assert PASSWORD not in said
        assert "again" in said
    assert "At least" not in ended["import_orders"][1]


Start = Callable[..., Program]


@pytest.fixture
def start(own_servers: OwnServers) -> Iterator[Start]:
    """Start commands on servers of these tests' own; none is left at the end.

    Without Django's checks, which load every view and last longer than the commands.
    """
    running: list[Program] = []

    def begin(*command: str) -> Program:
        one = Program(
            "manage", *command, "--skip-checks",
            environment={
                **own_servers.environment,
                "LOG_LEVEL": "CRITICAL",
                "PGAPPNAME": STARTED_HERE,
            },
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        running.append(one)
        return one

    yield begin
    for one in running:
        if one.poll() is None:
            one.kill()
            one.communicate()


# A process that records an order waits here until nobody holds the advisory lock 7.
STAND_STILL = """
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END$$;
CREATE TRIGGER stands_still AFTER INSERT ON tracking_order FOR EACH ROW
    WHEN (NEW.external_id = 'C450') EXECUTE FUNCTION stand_still();
"""


def test_an_import_that_loses_postgresql_says_how_far_it_was_and_goes_on_when_run_again(
    own_servers: OwnServers, start: Start, tmp_path: Path
) -> None:
    """Killed in the middle of the third batch of 200."""

    def kept() -> int:
        return int(
            own_servers.value("SELECT count(*) FROM tracking_order WHERE source = %s", "till")
        )

    command = (
        "import_orders", str(orders_file(tmp_path, 600)), *OF_BRAND, "--source", "till",
    )  # fmt: skip
    with own_servers.connect() as ours:
        ours.execute(STAND_STILL)
    with own_servers.held("SELECT pg_advisory_lock(7)"):
        cut_off = start(*command)
        until(lambda: own_servers.waiting(STARTED_HERE) == 1, "the import is not in the middle")
        own_servers.kill_postgres()
        _, said = cut_off.communicate(timeout=MAX_WAIT_SECONDS)
    own_servers.revive()
    with own_servers.connect() as ours:
        ours.execute("DROP TRIGGER stands_still ON tracking_order; DROP FUNCTION stand_still()")
    kept_then = kept()
    again = start(*command)
    out, _ = again.communicate(timeout=120)

    assert cut_off.returncode == OUTAGE_EXIT_CODE, said
    assert "Traceback" not in said
    assert "not recorded twice" in said
    assert "At least 400 orders were kept" in said
    assert kept_then == 400
    assert again.returncode == 0, out
    assert kept() == 600


def test_an_export_that_loses_postgresql_leaves_the_old_file_and_prints_nothing(
    own_servers: OwnServers, start: Start, tmp_path: Path
) -> None:
    """Killed while the table waits for a lock, which is in the middle of it for certain."""
    target = tmp_path / "table.csv"
    target.write_text("the old one")
    offer = ["--brand", "juniper", "--offer", "Winter Glow creators"]
    with own_servers.held("LOCK TABLE offers_enrollment IN ACCESS EXCLUSIVE MODE"):
        to_file = start("export_offer", *offer, "--output", str(target))
        to_screen = start("export_offer", *offer)
        until(
            lambda: own_servers.waiting(STARTED_HERE) == 2,
            "they do not wait for the lock",
            seconds=120,
        )
        own_servers.kill_postgres()
        ended = [one.communicate(timeout=MAX_WAIT_SECONDS) for one in (to_file, to_screen)]
    own_servers.revive()
    whole = start("export_offer", *offer, "--output", str(target))
    whole.communicate(timeout=MAX_WAIT_SECONDS)

    assert [out for out, _ in ended] == ["", ""]
    assert [said.count("Nothing was written.") for _, said in ended] == [1, 1]
    assert ["Traceback" in said for _, said in ended] == [False, False]
    assert {to_file.returncode, to_screen.returncode} == {OUTAGE_EXIT_CODE}
    assert whole.returncode == 0
    assert len(target.read_text().splitlines()) == 4  # its head and three members
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_ctrl_c_is_one_line(own_servers: OwnServers, start: Start) -> None:
    with own_servers.held("LOCK TABLE accounts_brand IN ACCESS EXCLUSIVE MODE"):
        stopped = start("reconcile")
        until(lambda: own_servers.waiting(STARTED_HERE) == 1, "nobody waits for the lock")
        stopped.send_signal(2)
        out, said = stopped.communicate(timeout=MAX_WAIT_SECONDS)

    assert stopped.returncode == STOPPED_EXIT_CODE
    assert (out, said.splitlines()) == (
        "",
        ["CommandError: Stopped before the end. Nothing was changed. Running it again is safe."],
    )


def test_a_command_has_its_own_limits_though_this_process_serves_the_web(
    own_servers: OwnServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web process waits two seconds for a lock, so Ctrl-C would come too late above."""
    monkeypatch.setenv("TRIBUTARY_PROCESS", "web")  # as after an import of config.wsgi

    assert "TRIBUTARY_PROCESS" not in own_servers.environment


def test_a_file_that_cannot_be_written_is_named(start: Start, tmp_path: Path) -> None:
    offer = ["--brand", "juniper", "--offer", "Winter Glow creators"]
    refused = start("export_offer", *offer, "--output", str(tmp_path / "no" / "x.csv"))
    _, said = refused.communicate(timeout=MAX_WAIT_SECONDS)

    assert refused.returncode == 1
    assert said.splitlines()[-1].startswith("CommandError: output: ")
    assert said.strip().endswith("No such file or directory")
