"""docker-compose.yml and the Dockerfile: no service may more than it needs."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_search_finds_the_services() -> None:
    assert {"web", "worker", "beat", "migrate", "postgres", "valkey"} <= SERVICES.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_nowhere_but_in_memory_and_its_volume(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert all("noexec" in place and "nosuid" in place for place in service["tmpfs"])
    assert any(place.startswith("/tmp:") for place in service["tmpfs"])  # noqa: S108


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_privilege_and_gains_none(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged", False)
    if "build" not in service:  # our image names its user itself
        assert service["user"].split(":")[0] not in {"root", "0"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits(name: str) -> None:
    assert re.fullmatch(r"\$\{[A-Z]+_MEMORY:-\d+[mg]\}|\d+[mg]", SERVICES[name]["mem_limit"])
    assert SERVICES[name]["pids_limit"] > 0


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_and_renewed_without_changing_the_file(name: str) -> None:
    service = SERVICES[name]
    given = service["build"]["args"]["PYTHON_IMAGE"] if "build" in service else service["image"]

    assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}\}", given)
    assert ":latest@" not in given
    if "build" in service:
        default = given.partition(":-")[2].removesuffix("}")
        assert f"ARG PYTHON_IMAGE={default}\n" in DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_open_to_this_machine_alone(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if "127.0.0.1" not in port] == []


def test_the_image_runs_as_a_user_who_owns_none_of_it() -> None:
    lines = DOCKERFILE.splitlines()
    user = next(line.split()[1] for line in lines if line.startswith("USER "))
    copied = [line for line in lines if line.startswith(("COPY", "ADD"))]

    assert user.isdecimal()
    assert int(user) >= 10_000
    assert f"--uid {user}" in DOCKERFILE
    assert [line for line in copied if "--chown" in line] == []


def test_what_the_image_writes_is_in_memory() -> None:
    """The metrics folder of the image, and beat's schedule."""
    metrics = re.search(r"PROMETHEUS_MULTIPROC_DIR=(\S+)", DOCKERFILE)
    schedule = re.search(r"--schedule (\S+)", SERVICES["beat"]["command"])
    assert metrics is not None
    assert schedule is not None
    kept = [place.split(":")[0] for place in SERVICES["beat"]["tmpfs"]]

    assert metrics[1] in kept
    assert schedule[1].rpartition("/")[0] in kept


def test_the_image_holds_every_package_and_what_it_reads() -> None:
    """.dockerignore lists what is copied; what it forgets is missing only where the image runs."""
    copied = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE)
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert {*layers["root_packages"], "docs/guides", "static", "templates", "locale"} <= {*copied}
