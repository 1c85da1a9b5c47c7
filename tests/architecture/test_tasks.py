"""Every Celery task is named, takes JSON, waits in a queue that is read, and is short."""

from __future__ import annotations

import ast
import inspect
import re
from functools import wraps
from typing import Any

import pytest
from django.conf import settings

from config.celery import app
from tests.architecture.source import ROOT, modules, relative, tree

app.loader.import_default_modules()  # as a worker does when it starts
TASKS = {name: task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")}
MAX_LINES = 12  # lines of a task: parse, enter the brand, call one service
JSON = {"int", "str", "bool", "list[int]", "list[str]"}


def test_the_search_finds_the_tasks() -> None:
    assert {"notifications.sweep", "notifications.deliver_campaign"} <= TASKS.keys()


def test_every_task_is_declared_in_a_tasks_module_with_its_name() -> None:
    declared = set()
    for path in modules():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                called = mark.func if isinstance(mark, ast.Call) else mark
                if getattr(called, "id", getattr(called, "attr", "")) not in {
                    "shared_task",
                    "task",
                }:
                    continue
                assert path.stem == "tasks", f"{relative(path)}:{node.lineno}"
                assert isinstance(mark, ast.Call), f"{relative(path)}:{node.lineno} has no name"
                names = [
                    ast.literal_eval(word.value) for word in mark.keywords if word.arg == "name"
                ]
                package = relative(path).split("/")[0]
                assert names == [f"{package}.{node.name}"], relative(path)
                declared.update(names)

    assert declared == TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
def test_a_task_takes_json_by_keyword_and_is_short(name: str) -> None:
    parameters = inspect.signature(TASKS[name].run).parameters.values()

    assert {parameter.kind for parameter in parameters} <= {inspect.Parameter.KEYWORD_ONLY}
    assert {str(parameter.annotation) for parameter in parameters} <= JSON
    assert len(inspect.getsource(TASKS[name].run).splitlines()) <= MAX_LINES


@pytest.mark.django_db
@pytest.mark.parametrize("name", TASKS)
def test_a_task_leaves_out_arguments_of_a_later_version(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker calls a task with what was sent: here by web processes that are a version ahead."""
    task = TASKS[name]
    calls: list[dict[str, Any]] = []

    @wraps(task.run)
    def run(**sent: Any) -> None:
        calls.append(sent)

    monkeypatch.setattr(task, "run", run)
    known = dict.fromkeys(inspect.signature(task.run).parameters, 1)
    task.push_request(id="1", is_eager=False)
    try:
        task(**known, of_the_next_version=True)
    finally:
        task.pop_request()

    assert calls == [known]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_waits_where_the_workers_look(name: str) -> None:
    """Else no worker would ever read it."""
    route: dict[str, Any] = app.amqp.router.route({}, name)
    wanted = settings.CELERY_TASK_ROUTES.get(name, {"queue": app.conf.task_default_queue})

    assert route["queue"].name == wanted["queue"]
    assert wanted["queue"] in {queue.name for queue in settings.CELERY_TASK_QUEUES}
    assert TASKS[name].acks_late


def test_the_schedule_names_tasks_that_exist() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= TASKS.keys()


def test_every_queue_has_workers_of_its_own_in_production() -> None:
    """So that shops and receivers that answer slowly never keep the workers that mails need."""
    compose = (ROOT / "docker-compose.yml").read_text()
    read = re.findall(r"config worker .*--queues (\S+)", compose)
    assert sorted(read) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)
    assert "--queues" not in (ROOT / "config/local/run.py").read_text()  # one reads both


def test_what_waits_for_servers_of_others_has_its_queue() -> None:
    """A new task of shops or webhooks is named here, or in CELERY_TASK_ROUTES."""
    named = {name for name in TASKS if name.startswith(("integrations.", "webhooks."))}
    assert named - set(settings.CELERY_TASK_ROUTES) == {
        "integrations.empty_old_bodies", "integrations.fill_due", "integrations.find_silent_shops",
        "integrations.sweep_events", "webhooks.delete_old", "webhooks.tell_owners",
    }  # fmt: skip
