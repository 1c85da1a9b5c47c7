"""Operations one after another, each with what the one before answered: all is as described.

The links of the document lead from one operation to the next (api.document_links), and
schemathesis follows them, with wrong bodies among the right ones. API_EXAMPLES says how many chains
of operations are tried; `make soak` tries more.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.nouns.stage import Stage
from tests.api.test_openapi import OF_OTHER_KEYS, OPERATIONS

RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
EXAMPLES = int(os.environ.get("API_EXAMPLES", "12"))
IS_SOAK = EXAMPLES >= 1_000  # enough to reach every operation
STEPS = 12
IDS = re.compile(r"[a-z]{3}_[0-9a-z]{20,}")
TRIES = 12
# Texts that only we can make: of those made up, one in so many is sent.
MADE_UP = {"cursor": 5, "expand": 5}
WANTED = {200, 201, 404, 422}
REACHED = OPERATIONS - OF_OTHER_KEYS  # links lead to what one key can do
logger = logging.getLogger(__name__)
DOCUMENT = "/api/v1/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """A request does not end the test's connection, as with Django's own client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize("modes", [[RIGHT], [RIGHT, WRONG]], ids=["right", "also-wrong"])
def test_one_operation_leads_to_the_next(stage: Stage, modes: list[GenerationMode]) -> None:
    described = schemathesis.openapi.from_wsgi(DOCUMENT, WSGIHandler())
    # A key is always sent.
    described.config.generation.update(with_security_parameters=False, modes=modes)
    machine = described.as_state_machine()
    called: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    answered: set[str] = set()

    class Following(machine):  # type: ignore[misc, valid-type]
        def before_call(self, case: schemathesis.Case) -> None:
            for name in MADE_UP.keys() & (case.query or {}).keys():
                if len(case.query[name]) % MADE_UP[name]:  # else it stays, and is refused
                    del case.query[name]
            if modes == [RIGHT] and crc32(repr(case.query).encode()) % 4:
                # Made-up filters find nothing that would lead on; those that a link filled in stay.
                case.query = {
                    name: value for name, value in (case.query or {}).items() if value in answered
                }

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": stage.shop.headers}

        def validate_response(
            self, response: Response, case: schemathesis.Case, **more: Any
        ) -> None:
            called[case.operation.definition.raw["operationId"]] += 1
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS, transport_kwargs=more)
            answered.update(IDS.findall(response.text))

    wanted = REACHED if IS_SOAK and modes == [RIGHT] else set[str]()
    _follow(Following, is_enough=lambda: statuses.keys() >= WANTED and called.keys() >= wanted)
    logger.info("%s calls: %s, %s", called.total(), dict(statuses), dict(called))
    assert statuses.keys() >= WANTED
    missing = sorted(wanted - called.keys())
    assert missing == []


def _follow(machine: Any, *, is_enough: Callable[[], bool]) -> None:
    """Run the machine until it is enough.

    It runs again when chance led to few kinds of answers, or when answers differed with the time,
    and so what may follow them.
    """
    for number in range(TRIES):
        chosen = settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not (IS_SOAK or number),
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        try:
            machine.run(settings=chosen)
        except FlakyStrategyDefinition:
            if number == TRIES - 1:
                raise
        else:
            if is_enough():
                return
