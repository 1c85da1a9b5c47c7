"""Migrate a local database in seconds, by Django's migrate with a cheaper state of the models.

After each operation Django renders the classes of all models again that are related to the changed
one, over any number of steps: here these are nearly all, as everything refers to its brand. For
hundreds of operations that is 90 % of the time. Here a class is rendered when an operation asks for
it, with those it refers to and those that refer to it, which is what writing SQL needs.

Servers in production are migrated by `manage.py migrate`, as Django does it. That both make the
same database is tested in tests/local/test_migrating.py, and with all migrations by `make soak`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation
from django.utils.functional import cached_property

# Classes refer to themselves, so each collection walks through thousands that are still in use.
OBJECTS_BEFORE_COLLECTION = 100_000

Key = tuple[str, str]


def migrate_quickly() -> None:
    """Run Django's migrate on the default database, without output or questions."""
    with rendered_on_demand(), _rare_collections():
        call_command("migrate", interactive=False, verbosity=0)


class AppsOnDemand(StateApps):
    """The models of a state, each rendered when it is asked for."""

    def __init__(self, states: dict[Key, ModelState], real_apps: Any) -> None:
        super().__init__(real_apps, {})
        self.states = states
        self.asked: set[Key] = set()
        self.rendered: set[Key] = set()

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> Any:
        if model_name is None:
            app_label, model_name = app_label.split(".")
        key = app_label, model_name.lower()
        if key in self.states and key not in self.asked:
            self.asked.add(key)
            self._render({key, *self._referring_to(key)})
        return super().get_model(app_label, model_name, require_ready)

    def _render(self, keys: set[Key]) -> None:
        """Render these and all that they refer to, over any number of steps."""
        wanted, new = list(keys), []
        while wanted:
            key = wanted.pop()
            if key in self.states and key not in self.rendered:
                self.rendered.add(key)
                new.append(self.states[key])
                wanted += _references(self.states[key])
        self.render_multiple(new)

    def _referring_to(self, key: Key) -> Iterator[Key]:
        return (other for other, state in self.states.items() if key in _references(state))


def _references(state: ModelState) -> set[Key]:
    """The models that this one has fields to, or is made from."""
    own = state.app_label, state.name_lower
    named: list[Any] = [base for base in state.bases if isinstance(base, str)]
    for field in state.fields.values():
        if field.remote_field is not None:
            named += [field.remote_field.model, getattr(field.remote_field, "through", None)]
    return {resolve_relation(name, *own) for name in named if name is not None}


class StateOnDemand(ProjectState):
    """The state of the models, whose classes are forgotten when it changes."""

    @cached_property
    def apps(self) -> StateApps:
        return AppsOnDemand(self.models, self.real_apps)

    def reload_model(self, *args: Any, **options: Any) -> None:
        self.__dict__.pop("apps", None)

    def reload_models(self, *args: Any, **options: Any) -> None:
        self.__dict__.pop("apps", None)

    def remove_model(self, *args: Any) -> None:
        self.__dict__.pop("apps", None)
        super().remove_model(*args)

    def clone(self) -> StateOnDemand:
        models = {key: state.clone() for key, state in self.models.items()}
        return StateOnDemand(models, self.real_apps)

    def clear_delayed_apps_cache(self) -> None:
        """Render all: RunPython calls this, and migrate at its end, for code of any kind."""
        real_apps: Any = self.real_apps
        self.apps = StateApps(real_apps, self.models)


class ExecutorOnDemand(MigrationExecutor):
    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]
        return StateOnDemand(state.models, state.real_apps)


@contextmanager
def rendered_on_demand() -> Iterator[None]:
    """Django's migrate works with states of this kind during the block."""
    migrate.MigrationExecutor = ExecutorOnDemand  # type: ignore[attr-defined]
    try:
        yield
    finally:
        migrate.MigrationExecutor = MigrationExecutor  # type: ignore[attr-defined]


@contextmanager
def _rare_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
