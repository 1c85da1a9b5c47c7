"""The Python client: the whole story against the product, trying again, refusals, webhooks."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import generate_client
import httpx
import pytest
from standardwebhooks.webhooks import Webhook
from tributary_client import (
    ApiError,
    Client,
    FieldError,
    Unreachable,
    UnreadableAnswerError,
    WrongSignatureError,
    read_webhook,
)
from tributary_client import calling as client_calling

from api import idempotency
from api.v1 import api
from core.tenancy import acting_for
from payouts.models import Payout
from tests.api.shop import key_for
from tests.cast import Cast

README = Path("clients/python/README.md")
SECRET = "whsec_" + "c2VjcmV0IG9mIHR3ZW50eS1mb3VyIGJ5dGVz"
PROBLEM = {"Content-Type": "application/problem+json"}


class Server:
    """Answers as it is told, one answer after another, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> Client:
        return Client(
            "trb_live_key",
            address="https://tributary.example/",
            transport=httpx.MockTransport(self),
            sleep=self.slept.append,
        )


class LosesAnswers(httpx.HTTPTransport):
    """Sends requests to a server, and loses the first answers to these methods."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.methods = number, set[str]()
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.method in self.methods:
            self.requests.append(request)
            if len(self.requests) <= self.number:
                answer.read()
                raise httpx.ReadError("the connection was lost")
        return answer


def said(status: int, body: Any, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


@pytest.fixture
def address(live_server: Any) -> str:
    return str(live_server.url)


@pytest.mark.django_db(transaction=True)
def test_the_story_of_the_readme_runs(cast: Cast, address: str) -> None:
    [story] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    printed = io.StringIO()
    names = {"key": key_for(cast.juniper), "address": address}
    with contextlib.redirect_stdout(printed):
        exec(compile(story, str(README), "exec"), names)  # noqa: S102
    lines = printed.getvalue().splitlines()
    assert re.fullmatch(r"Mara's code is \w+, her dashboard https?://\S+/d/\S+", lines[0])
    assert lines[1] == "Mara earns 5.00 of 80.00"
    assert lines[2] == "Mara was sent 5.00: paid"
    assert len([line for line in story.splitlines() if line]) <= 40
    with acting_for(cast.juniper):
        assert Payout.objects.get().amount_minor == 500


@pytest.mark.django_db(transaction=True)
def test_any_number_of_orders_and_pages(
    cast: Cast, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tributary_client.sending.BATCH", 3)
    monkeypatch.setattr(client_calling, "PER_PAGE", 2)
    orders: Iterator[Any] = (
        {
            "order_id": f"o{number}",
            "ordered_at": datetime.now(UTC).isoformat(),
            "currency": "USD" if number else "?",
            "promo_code": "MARA15",
            "lines": [{"quantity": 1, "unit_price": "10.00"}],
        }
        for number in range(8)
    )
    with Client(key_for(cast.juniper), address=address) as tributary:
        results = list(tributary.send_orders(orders))
        listed = [order["order_id"] for order in tributary.list_orders()]
    assert [result["status"] for result in results] == [422, *[201] * 7]
    assert sorted(listed) == [f"o{number}" for number in range(1, 8)]


def test_a_busy_server_is_asked_again_with_the_same_idempotency_key() -> None:
    server = Server(
        said(503, {"code": "unavailable"}, **{"Retry-After": "7"}),
        httpx.ConnectError("refused"),
        said(409, {"code": "in_progress"}, **PROBLEM),
        said(201, {"id": "mem_1"}),
    )
    member = server.client().add_member(first_name="Mara", email="mara@creators.example")
    assert member["id"] == "mem_1"
    assert server.slept[0] == 7
    assert 0.5 <= server.slept[1] <= 1
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert (len(server.requests), len(keys)) == (4, 1)


def test_a_key_of_ones_own_is_sent() -> None:
    server = Server(said(201, {"id": "mem_1"}))
    server.client().add_member(first_name="M", email="m@creators.example", idempotency_key="mine")
    assert server.requests[0].headers["idempotency-key"] == "mine"


@pytest.mark.parametrize("key", ["", "mine"])
def test_a_change_of_which_the_answer_was_lost_is_not_a_conflict(
    cast: Cast, key: str, transactional_db: None, live_server: Any
) -> None:
    """The server did it. The same key in the second try brings the answer that was lost."""
    lossy = LosesAnswers(1)
    address = str(live_server.url)
    with Client(
        key_for(cast.juniper), address=address, transport=lossy, sleep=lambda _: None
    ) as tributary:
        [offer] = [one for one in tributary.list_offers() if one["name"] == cast.glow.name]
        lossy.methods = {"PATCH"}
        changed = tributary.change_offer(
            offer["id"], idempotency_key=key, description="New", version=offer["version"]
        )
    keys = [one.headers["idempotency-key"] for one in lossy.requests]
    assert (changed["description"], changed["version"]) == ("New", offer["version"] + 1)
    assert (len(keys), len(set(keys))) == (2, 1)
    assert key in {"", keys[0]}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_have_no_key(method: str) -> None:
    """The API keeps none for them."""
    server = Server(said(200, {}))
    server.client().call(method, "/api/v1/offers")
    assert "idempotency-key" not in server.requests[0].headers
    assert method not in idempotency.METHODS


@pytest.mark.django_db(transaction=True)
def test_a_delete_of_which_the_answer_was_lost_is_done(cast: Cast, live_server: Any) -> None:
    lossy = LosesAnswers(1)
    lossy.methods = {"DELETE"}
    with Client(
        key_for(cast.juniper), address=live_server.url, transport=lossy, sleep=lambda _: None
    ) as tributary:
        made = tributary.add_endpoint(address="http://127.0.0.1:9/hook")
        assert tributary.delete_endpoint(made["id"]) == {"id": made["id"], "outcome": "deleted"}
        assert list(tributary.list_endpoints()) == []
        with pytest.raises(ApiError) as caught:
            tributary.delete_endpoint(made["id"])
    assert (caught.value.status, len(lossy.requests)) == (404, 3)


@pytest.mark.parametrize("first", [httpx.ReadTimeout("slow"), said(502, {}), said(504, {})])
def test_nothing_there_in_a_further_try_is_deleted(first: httpx.Response | Exception) -> None:
    server = Server(first, said(404, {"code": "not_found"}))
    assert server.client().delete_endpoint("end_1") == {"id": "end_1", "outcome": "deleted"}


def test_what_a_busy_server_did_not_delete_is_not_found() -> None:
    server = Server(said(503, {}), said(404, {"code": "not_found"}))
    with pytest.raises(ApiError):
        server.client().delete_endpoint("end_1")


def test_what_was_never_begun_or_deletes_nothing_is_not_found() -> None:
    busy = Server(said(429, {}), said(404, {"code": "not_found"}))
    lost = Server(httpx.ReadTimeout("slow"), said(404, {"code": "unknown_refund"}))
    with pytest.raises(ApiError):
        busy.client().delete_endpoint("end_1")
    with pytest.raises(ApiError):
        lost.client().undo_refund("shop", "r1")


def test_methods_with_keys_are_those_of_the_api() -> None:
    assert client_calling.WITH_KEYS == idempotency.METHODS
    assert client_calling.WITH_KEYS == generate_client.WITH_KEYS


def test_nobody_answers() -> None:
    server = Server(*[httpx.ReadTimeout("too slow")] * 4)
    with pytest.raises(Unreachable, match="GET /api/v1/due: too slow"):
        server.client().show_due(member="mem_1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_what_is_refused_is_not_tried_again(status: int) -> None:
    problem = {
        "code": "invalid",
        "detail": "The request has errors.",
        "problems": [{"field": "email", "code": "missing", "message": "must be given"}],
    }
    server = Server(said(status, problem, **PROBLEM, **{"X-Request-Id": "abc"}))
    with pytest.raises(ApiError, match="The request has errors") as caught:
        server.client().add_member(first_name="M", email="")
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (
        status,
        "invalid",
        "abc",
    )
    assert caught.value.problems == [FieldError("email", "missing", "must be given")]
    assert len(server.requests) == 1


def test_an_answer_from_something_before_tributary() -> None:
    server = Server(*[httpx.Response(502, text="<html>Bad gateway</html>")] * 4)
    with pytest.raises(ApiError, match="HTTP 502"):
        server.client().show_due(member="mem_1")


@pytest.mark.parametrize(
    ("text", "told"),
    [("<html>Log in</html>", "<html>Log in</html>"), ("x" * 5_000, "x" * 200), ("{", "{")],
)
def test_a_page_in_place_of_an_answer(text: str, told: str) -> None:
    server = Server(httpx.Response(200, text=text, headers={"Content-Type": "text/html"}))
    with pytest.raises(UnreadableAnswerError, match="answered 200 with no JSON") as caught:
        server.client().show_member("mem_1")
    error = caught.value
    assert (error.status, error.content_type, error.beginning) == (200, "text/html", told)
    assert str(error).endswith(f"(text/html): {told}")


@pytest.mark.parametrize(
    ("problems", "read"),
    [
        (None, []),
        ("none", []),
        (["email"], []),
        ([{"field": "email"}], [FieldError("email", "", "")]),
        ([{"message": "wrong"}], [FieldError("", "", "wrong")]),
    ],
)
def test_problems_of_another_kind_than_the_apis(problems: Any, read: list[FieldError]) -> None:
    server = Server(said(422, {"problems": problems}))
    with pytest.raises(ApiError, match="HTTP 422") as caught:
        server.client().show_member("mem_1")
    assert caught.value.problems == read


def test_as_long_as_named_is_waited() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    server = Server(
        said(429, {}, **{"Retry-After": "60"}),
        said(503, {}, **{"Retry-After": at}),
        said(503, {}, **{"Retry-After": "soon"}),
        said(200, {}),
    )
    server.client().show_member("mem_1")
    assert server.slept[0] == 60
    assert 45 < server.slept[1] <= 50
    assert server.slept[2] <= 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_longer_wait_is_left_to_the_caller(status: int) -> None:
    server = Server(said(status, {"detail": "Too much."}, **{"Retry-After": "3600"}))
    with pytest.raises(ApiError, match=r"Too much\. \(Retry-After: 3,600 seconds\)") as caught:
        server.client().show_member("mem_1")
    assert (caught.value.retry_after, server.slept) == (3_600, [])
    assert f"more than {client_calling.MAX_RETRY_AFTER_SECONDS:g} seconds" in README.read_text()


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_an_id_that_leads_to_another_address_is_refused(text: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match="is no id"):
        server.client().show_member(text)
    with pytest.raises(ValueError, match="is no id"):
        server.client().undo_refund("shop", text)
    assert server.requests == []


def test_ids_are_quoted() -> None:
    server = Server(said(200, {}))
    server.client().show_member("../orders?x")
    assert server.requests[0].url.raw_path == b"/api/v1/members/..%2Forders%3Fx"


def webhook(change: Callable[[str], str] = lambda body: body) -> tuple[str, dict[str, str]]:
    now = datetime.now(UTC)
    body = json.dumps(
        {"type": "order.recorded", "timestamp": now.isoformat(), "data": {"order": "ord_1"}}
    )
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("msg_1", now, body),
    }
    return change(body), headers


def test_a_webhook_is_read() -> None:
    body, headers = webhook()
    event = read_webhook(body.encode(), headers, secret=SECRET)
    assert (event.id, event.type, event.data) == ("msg_1", "order.recorded", {"order": "ord_1"})
    assert event.timestamp.tzinfo is not None


def test_a_webhook_that_was_changed_is_refused() -> None:
    body, headers = webhook(lambda body: body.replace("ord_1", "ord_2"))
    with pytest.raises(WrongSignatureError):
        read_webhook(body, headers, secret=SECRET)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Webhook-Signature", "v1"),
        ("Webhook-Signature", "v1,a,b"),
        ("Webhook-Signature", "v1,a"),
        ("Webhook-Signature", "v1,é"),
        ("Webhook-Timestamp", "nan"),
        ("Webhook-Id", ""),
    ],
)
def test_headers_that_anybody_made_up_are_a_wrong_signature(name: str, value: str) -> None:
    body, headers = webhook()
    with pytest.raises(WrongSignatureError):
        read_webhook(body, {**headers, name: value}, secret=SECRET)


def test_a_body_that_is_no_text_has_a_wrong_signature() -> None:
    _, headers = webhook()
    with pytest.raises(WrongSignatureError):
        read_webhook(b"\xff", headers, secret=SECRET)


def test_the_client_is_that_of_the_document(tmp_path: Path) -> None:
    """If this fails, run what the docstring of generate_client.py says."""
    document = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    generate_client.write(generate_client.files(generate_client.Document(document)), tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.glob("*.py")}
    assert written == {path.name: path.read_text() for path in generate_client.HERE.glob("*.py")}
