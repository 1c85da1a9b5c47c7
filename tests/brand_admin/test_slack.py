"""What waits for staff is posted into their Slack channel, by its incoming webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import AuditEntry, Digest
from accounts.test_mode import open_test_brand
from brand_admin.home import channel_digest
from brand_admin.home.channel_digest import post_digests
from core.resealing import Resealed
from core.tenancy import acting_for
from offers.models import Approval
from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.brand_admin.desk import at, desk_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.stand_in import Fault, Reply, Sent, StandIn
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions
from webhooks import channels
from webhooks.addresses import AddressError
from webhooks.channels import MAX_TEXT, enter_channel, reseal_channels
from webhooks.models import Channel

pytestmark = pytest.mark.django_db
PATH = "/services/T000/B000/made-up"
EVENING, NEXT_MORNING = NOW + timedelta(hours=6), NOW.replace(day=21, hour=8)
NOON = NEXT_MORNING + timedelta(hours=4)


class Slack(StandIn):
    """Answers as Slack does: a body that is no message of an incoming webhook is refused."""

    def answer(self, sent: Sent) -> Reply:
        if sent.method != "POST" or sent.path != PATH:
            return Reply(404, b"no_service")
        if sent.headers["content-type"] != "application/json" or set(sent.json()) != {"text"}:
            return Reply(400, b"invalid_payload")
        return Reply(200, b"ok") if sent.json()["text"] else Reply(400, b"no_text")

    @property
    def webhook(self) -> str:
        return f"{self.address}{PATH}"

    @property
    def texts(self) -> list[str]:
        return [sent.json()["text"] for sent in self.requests]


@pytest.fixture
def chat() -> Iterator[Slack]:
    with Slack().running() as one:
        yield one


@pytest.fixture
def to_review(cast: Cast) -> None:
    """From 13:00 on, staff accept each of Juniper's sales, and there is one."""
    values = TermsValues(percent_bp=1_000, approval=Approval.BY_HAND)
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow, values=values, starts_at=NOW.replace(hour=13), by=SYSTEM, now=NOW
        )
    review_one(cast, "1")


def review_one(cast: Cast, order_id: str) -> None:
    sell(cast, order_id, ordered_at=NOW.replace(hour=14).isoformat())


def entered(
    cast: Cast, chat: Slack, digest: Digest = Digest.DAILY, *, now: datetime = NOW
) -> Channel:
    with acting_for(cast.juniper):
        return enter_channel(address=chat.webhook, digest=digest, by=SYSTEM, now=now)


@pytest.mark.usefixtures("to_review")
def test_the_digest_is_posted_once_each_morning(cast: Cast, chat: Slack) -> None:
    entered(cast, chat)

    assert post_digests(now=NEXT_MORNING - timedelta(seconds=1)) == 0
    assert [post_digests(now=NEXT_MORNING + timedelta(minutes=n)) for n in range(3)] == [1, 0, 0]

    [text] = chat.texts
    assert text.startswith("*Juniper &amp; Co: ")
    assert (
        "/admin/juniper/conversions/?status=undecided&sort=time|Conversions to review: 1>" in text
    )
    assert "They earn nothing until accepted." in text
    assert len(text) < MAX_TEXT


@pytest.mark.usefixtures("to_review")
def test_at_once_only_what_is_new_is_posted(cast: Cast, chat: Slack) -> None:
    entered(cast, chat, Digest.AT_ONCE)
    post_digests(now=EVENING)
    assert post_digests(now=EVENING + timedelta(hours=1)) == 0

    review_one(cast, "2")
    assert post_digests(now=EVENING + timedelta(hours=2)) == 1
    assert "Conversions to review: 2 (1 new)" in chat.texts[-1]


@pytest.mark.usefixtures("to_review")
@pytest.mark.parametrize(
    ("reply", "said", "stops"),
    [
        (Reply(404, b"no_service"), "127.0.0.1 answered 404: no_service.", True),
        (Reply(410, b"channel_is_archived"), "127.0.0.1 answered 410: channel_is_archived.", True),
        (Reply(404, b"Cannot POST " + PATH.encode()), "127.0.0.1 answered 404.", True),
        (Reply(500), "127.0.0.1 answered 500.", False),
    ],
)
def test_a_channel_that_is_gone_is_stopped_and_its_owners_are_told(
    cast: Cast, chat: Slack, mailoutbox: list[EmailMessage], reply: Reply, said: str, stops: bool
) -> None:
    entered(cast, chat)
    chat.faults.append(Fault(reply=reply))

    assert post_digests(now=NEXT_MORNING) == 0
    post_digests(now=NEXT_MORNING + timedelta(days=1))

    assert len(chat.requests) == (1 if stops else 2)
    with acting_for(cast.juniper):
        row = Channel.objects.get()
    assert (row.stopped_at is not None, row.problem) == (stops, said if stops else "")
    assert [mail.to for mail in mailoutbox] == [[cast.ines.email]] * stops
    if stops:
        assert said in shown(desk_of(cast.theo).get(at(cast.juniper, "settings_slack")))


def post_in_rounds(minutes: Iterable[int]) -> None:
    """Post what is due so many minutes after the next morning's beginning."""
    for minute in minutes:
        post_digests(now=NEXT_MORNING + timedelta(minutes=minute))


@pytest.mark.usefixtures("to_review")
@pytest.mark.parametrize("digest", [Digest.DAILY, Digest.AT_ONCE])
def test_a_digest_that_is_not_taken_is_posted_again_a_few_times(
    cast: Cast, chat: Slack, digest: Digest
) -> None:
    entered(cast, chat, digest)
    chat.faults += [Fault(reply=Reply(503))] * 3

    tried: list[int] = []
    for minute in range(60):
        post_in_rounds([minute])
        tried += [minute] * (len(chat.requests) - len(tried))
    assert tried == [0, 2, 6, 14]
    assert len(set(chat.texts)) == 1


@pytest.mark.usefixtures("to_review")
@pytest.mark.parametrize("digest", [Digest.DAILY, Digest.AT_ONCE])
def test_what_a_channel_does_not_take_is_posted_on_the_next_morning(
    cast: Cast, chat: Slack, digest: Digest
) -> None:
    entered(cast, chat, digest)
    chat.faults += [Fault(reply=Reply(503))] * 6

    post_in_rounds(range(0, 23 * 60, 2))
    assert len(chat.requests) == 6
    assert post_digests(now=NEXT_MORNING + timedelta(days=1)) == 1


@pytest.mark.usefixtures("to_review")
@pytest.mark.parametrize("digest", [Digest.DAILY, Digest.AT_ONCE])
@pytest.mark.parametrize("status", [404, 503])
def test_a_new_address_gets_the_digest_that_the_old_one_did_not_take(
    cast: Cast, chat: Slack, digest: Digest, status: int
) -> None:
    entered(cast, chat, digest)
    chat.faults += [Fault(reply=Reply(status))] * 6
    post_in_rounds(range(0, 120, 2))
    refused = len(chat.requests)
    chat.faults.clear()

    for _ in range(2):  # the second time with the typing error mended
        entered(cast, chat, digest, now=NOON)
    posted = [post_digests(now=NOON + timedelta(minutes=minute)) for minute in range(3)]

    assert posted == [1, 0, 0]
    assert chat.texts[refused:] == chat.texts[:1]


def taken(cast: Cast, chat: Slack) -> None:
    assert post_digests(now=NEXT_MORNING) == 1


def taken_and_a_test_refused(cast: Cast, chat: Slack) -> None:
    taken(cast, chat)
    chat.faults.append(Fault(reply=Reply(503)))
    with acting_for(cast.juniper):
        [row] = Channel.objects.select_related("brand")
        assert not channels.post(row, "Does it work?", now=NEXT_MORNING + timedelta(hours=1))


def unanswered(cast: Cast, chat: Slack) -> None:
    chat.faults.append(Fault(drops=True))
    assert post_digests(now=NEXT_MORNING) == 0


def entered_wrongly_and_tested(cast: Cast, chat: Slack) -> None:
    entered(cast, chat, now=NOON - timedelta(minutes=2))
    chat.faults.append(Fault(reply=Reply(404)))
    with acting_for(cast.juniper):
        [row] = Channel.objects.select_related("brand")
        assert not channels.post(row, "Does it work?", now=NOON - timedelta(minutes=1))


@pytest.mark.usefixtures("to_review")
@pytest.mark.parametrize(
    "before",
    [
        taken,
        taken_and_a_test_refused,
        unanswered,
        entered_wrongly_and_tested,
    ],
)
def test_a_new_address_gets_no_digest_where_none_was_refused(
    cast: Cast, chat: Slack, before: Callable[[Cast, Slack], None]
) -> None:
    entered(cast, chat)
    before(cast, chat)
    texts = len(chat.texts)

    entered(cast, chat, now=NOON)

    assert post_digests(now=NOON + timedelta(hours=1)) == 0
    assert len(chat.texts) == texts


@pytest.mark.usefixtures("to_review")
def test_a_digest_without_an_answer_may_have_been_taken_and_is_not_posted_again(
    cast: Cast, chat: Slack
) -> None:
    entered(cast, chat)
    chat.faults.append(Fault(drops=True))

    post_in_rounds(range(60))
    assert len(chat.requests) == 1


@pytest.mark.usefixtures("to_review")
def test_a_pause_holds_for_a_process_that_read_the_channel_before(
    cast: Cast, chat: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(cast, chat)
    read = channels.channels_due(now=NEXT_MORNING)
    chat.faults.append(Fault(reply=Reply(503)))
    post_digests(now=NEXT_MORNING)
    monkeypatch.setattr(channel_digest, "channels_due", lambda now: read)

    assert post_digests(now=NEXT_MORNING + timedelta(seconds=10)) == 0
    assert len(chat.requests) == 1


@pytest.mark.usefixtures("to_review")
def test_what_was_settled_meanwhile_leaves_all_tries_to_the_next_digest(
    cast: Cast, chat: Slack
) -> None:
    entered(cast, chat, Digest.AT_ONCE)
    chat.faults += [Fault(reply=Reply(503))] * 5
    post_in_rounds(range(31))
    with acting_for(cast.juniper):
        assert Channel.objects.get().tries == 5
        ids = list(Conversion.objects.values_list("pk", flat=True))
        accept_conversions(conversion_ids=ids, by=SYSTEM, now=NOW)

    post_digests(now=NEXT_MORNING + timedelta(hours=2))
    with acting_for(cast.juniper):
        row = Channel.objects.get()
    assert (row.tries, row.retry_at) == (0, None)


def test_owners_enter_test_and_remove_it_and_nobody_reads_the_address(
    cast: Cast, chat: Slack
) -> None:
    owner, page = desk_of(cast.ines), at(cast.juniper, "settings_slack")
    given = {"address": chat.webhook, "digest": "daily"}
    assert desk_of(cast.theo).post(page, given).status_code == 403

    owner.post(page, given)
    owner.post(at(cast.juniper, "slack_test"))

    assert chat.texts == ["This is a test. What waits for you in Juniper &amp; Co is posted here."]
    seen = shown(owner.get(page))
    assert "Leave it empty to keep the one at 127.0.0.1." in seen
    with acting_for(cast.juniper):
        row = Channel.objects.get()
        audited = str(list(AuditEntry.objects.values()))
    assert all("made-up" not in text for text in (seen, row.sealed_address, audited))
    assert reseal_channels() == Resealed(0, 0)

    owner.post(page, {"address": "", "digest": "at_once"})
    with acting_for(cast.juniper):
        assert Channel.objects.get().digest == Digest.AT_ONCE
    owner.post(at(cast.juniper, "slack_remove"))
    with acting_for(cast.juniper):
        assert not Channel.objects.exists()


@pytest.mark.parametrize("address", ["https://10.0.0.7/x", "http://hooks.slack.com/x", "hooks"])
def test_an_address_of_a_private_network_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("webhooks.addresses.SCHEMES", ("https",))
    with acting_for(cast.juniper), pytest.raises(AddressError):
        enter_channel(address=address, digest=Digest.DAILY, by=SYSTEM, now=NOW)


def test_postgresql_keeps_one_channel_of_a_live_brand(cast: Cast, chat: Slack) -> None:
    entered(cast, chat)
    entered(cast, chat)
    with acting_for(cast.juniper):
        row = Channel.objects.get()
        row.pk = None
        with pytest.raises(IntegrityError, match="once"), transaction.atomic():
            row.save()
    test_brand = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    with acting_for(test_brand), pytest.raises(DatabaseError, match="not in a test brand"):
        enter_channel(address=chat.webhook, digest=Digest.DAILY, by=SYSTEM, now=NOW)


@pytest.mark.usefixtures("to_review")
def test_a_refused_digest_is_owed_until_a_morning_has_nothing_to_say(
    cast: Cast, chat: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(cast, chat)
    chat.faults += [Fault(reply=Reply(503))] * 6
    post_in_rounds(range(0, 120, 2))
    with monkeypatch.context() as quiet:
        quiet.setattr(channel_digest, "needs", lambda *_, **__: [])
        assert post_digests(now=NEXT_MORNING + timedelta(days=1)) == 0

    entered(cast, chat, now=NOON + timedelta(days=1))

    assert post_digests(now=NOON + timedelta(days=1, hours=1)) == 0
