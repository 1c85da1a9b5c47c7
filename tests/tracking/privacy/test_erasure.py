"""A person is deleted: who they were is gone from every table, and no figure has changed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.db import connection

from accounts.actors import Actor
from accounts.api_keys import create_api_key
from accounts.audit_log import audit
from accounts.codes import ExpiredCodeError
from accounts.models import AuditEntry, CodePurpose, IdempotentRequest, Session, User
from accounts.sessions import SessionStore
from accounts.test_mode import open_test_brand
from affiliates.details import assign_owner, tag_members
from affiliates.logins import user_for_proven_address
from affiliates.models import Creator, Member, MemberHandle, MemberTag
from affiliates.notes import add_note
from affiliates.segments import save_segment, segments
from affiliates.services import MemberError, add_member, change_member
from background.files import save_file
from background.models import Work, WorkChunk, WorkFile, WorkProblem, WorkState
from core.tenancy import across_brands, acting_for
from notifications.models import Message, MessageState, Purpose, SuppressionReason
from notifications.selectors import suppressed_among
from notifications.services import resubscribe, unsubscribe, unsuppress
from offers.dashboard_links import enrollment_for, token_for
from offers.models import Enrollment, EnrollmentStatus
from offers.selectors import members_outside, offers_to_join
from payouts.ledger import balances
from payouts.models import DetailsRelease, LedgerEntry, PayoutDetails
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, order
from tests.factories import AuthenticatorFactory, WorkFactory
from tests.journeys.busy_creator import prove
from tests.notifications.senders import confirm, recipient, values
from tests.snapshot import snapshot
from tracking.figures.metrics import totals_by_enrollment
from tracking.links.membership import ErasedError, activate_member, add_to_offer
from tracking.models import Conversion, Question
from tracking.orders.recording import record_order
from tracking.privacy.erasure import erase_creator
from tracking.questions.services import ask_about_order
from tracking.reconciliation.differences import differences

JUNE = "june@okafor.example"
LATER = NOW + timedelta(hours=1)


def _try_out(cast: Cast) -> None:
    """Staff typed June's address into test mode."""
    with acting_for(open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)):
        add_member(email=JUNE, first_name="June", last_name="Okafor-Lind", by=SYSTEM, now=NOW)


@pytest.fixture
def june(cast: Cast) -> Creator:
    """June sells, is owed money, asks a question, gets mail, and is logged in with a passkey."""
    _try_out(cast)
    user = user_for_proven_address(email=JUNE, now=NOW)
    assert user is not None
    AuthenticatorFactory.create(user=user, passkey=True)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store.save()
    with acting_for(cast.juniper):
        record_order(order=order("7001", promo_code="JUNE20"), source="shop", by=SYSTEM, now=NOW)
        adjust(
            enrollment=cast.june_in_glow, currency="GBP", amount_minor=500, note="Bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        ask_about_order(
            enrollment=cast.june_in_glow, order_reference="7002", ordered_on=NOW.date(),
            note="It is June Okafor's", by=Actor.of_member("June Okafor"), now=NOW,
        )  # fmt: skip
        MemberTag.objects.create(member=cast.june, tag="Ceramics")
        add_note(member=cast.june, text="Okafor likes mugs", by=SYSTEM, now=NOW)
        save_segment(name="June", query="q=june+okafor", by=SYSTEM, now=NOW)
        save_segment(name="Friends of June Okafor", query="tag=Mugs", by=SYSTEM, now=NOW)
        MemberHandle.objects.create(member=cast.june, platform="instagram", handle="june.okafor")
        change_member(
            member=cast.june, email=JUNE, first_name="June", last_name="Okafor-Lind", by=SYSTEM,
            now=NOW,
        )  # fmt: skip
        IdempotentRequest.objects.create(
            key=create_api_key(label="shop", by=SYSTEM, now=NOW).key, name="k", operation="POST /",
            body_digest="0" * 64, claim=uuid.uuid4(), claimed_until=NOW, created_at=NOW, status=201,
            content=f'{{"email": "{JUNE}"}}',
        )  # fmt: skip
        confirm(
            [recipient(
                recipient=f"member:{cast.june.pk}", to_address=JUNE, to_name="June Okafor-Lind",
                about=f"enrollment:{cast.june_in_glow.pk}",
            )]
        )  # fmt: skip
        confirm(
            [recipient(recipient="user:1", to_address="ines@juniper.example", to_name="Ines",
                       values=values(first_name="June", full_name="June Okafor-Lind"))],
            purpose=Purpose.TEST, about="",
        )  # fmt: skip
        work = WorkFactory.create(
            title="Export of history of June Okafor", state=WorkState.DONE, finished_at=NOW
        )
        save_file(work, WorkFile.MADE, [b"june@okafor.example,June,Okafor"])
        for subject, message in (("June Okafor-Lind", "is not active"), ("email", f"{JUNE} is in")):
            WorkProblem.objects.create(work=work, subject=subject, message=message)
    return Creator.objects.get(email=JUNE)


def erase(june: Creator) -> None:
    code = prove(june, CodePurpose.DELETION, now=LATER)
    erase_creator(creator=june, code=code, now=LATER)


def text_of_the_database() -> str:
    """Every row of every table of ours, as text."""
    texts = []
    with connection.cursor() as cursor:
        for table in snapshot().tables:
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT row::text FROM {quoted} AS row")  # noqa: S608
            texts += [text for (text,) in cursor.fetchall()]
    return "\n".join(texts).lower()


def test_who_was_erased_joins_no_offer_and_gets_no_tag(cast: Cast, june: Creator) -> None:
    with acting_for(cast.juniper):
        enrollment = Enrollment.objects.select_related("member").get(member__email=JUNE)
        member, offer = enrollment.member, enrollment.offer
    erase(june)

    with acting_for(cast.juniper):
        assert (
            add_to_offer(offer=offer, members=[member], with_items=True, by=SYSTEM, now=LATER) == []
        )
        with pytest.raises(ErasedError):
            activate_member(enrollment=enrollment, by=SYSTEM, now=LATER)
        assert tag_members(member_ids=[member.pk], tag="VIP", by=SYSTEM, now=LATER) == 0
        assert assign_owner(member_ids=[member.pk], owner=None, by=SYSTEM, now=LATER) == 0
        assert member not in members_outside(offer)
        enrollment.refresh_from_db()
        member.refresh_from_db()
        assert not offers_to_join(member).exists()
    assert enrollment.status == EnrollmentStatus.REMOVED


def test_a_link_of_an_old_mail_does_not_store_the_address_again(cast: Cast, june: Creator) -> None:
    erase(june)

    with acting_for(cast.juniper):
        assert not unsubscribe(address=JUNE, now=LATER)
        assert suppressed_among([JUNE]) == {JUNE: SuppressionReason.DELETED}
    assert JUNE not in text_of_the_database()


@pytest.mark.parametrize("name", ["ana", "e"])
def test_a_short_name_is_not_taken_out_of_other_words(cast: Cast, name: str) -> None:
    with acting_for(cast.juniper):
        change_member(
            member=cast.june, email=JUNE, first_name=name, last_name="", by=SYSTEM, now=NOW
        )
        kept = save_segment(name="Canada, the east", query="tag=Canada+e", by=SYSTEM, now=NOW)
        if name == "ana":
            save_segment(name="Ana", query="q=ana", by=SYSTEM, now=NOW)
        audit.record(action="a.b", target=cast.glow, by=SYSTEM, now=NOW, note="Canada e-mail east")
        WorkProblem.objects.create(work=WorkFactory.create(), subject="Canada", message="east")

    erase(Creator.objects.get(email=JUNE))

    with acting_for(cast.juniper):
        assert [(row.name, row.query) for row in segments()] == [(kept.name, kept.query)]
        assert AuditEntry.objects.get(action="a.b").detail == {"note": "Canada e-mail east"}
        assert WorkProblem.objects.get().subject == "Canada"


def test_no_file_of_finished_work_may_hold_them(cast: Cast, june: Creator) -> None:
    erase(june)

    with acting_for(cast.juniper):
        work = Work.objects.get()
        assert not WorkChunk.objects.exists()
        assert (work.files_gone_at, work.title) == (LATER, "Export of history of Deleted member")
        assert list(WorkProblem.objects.order_by("pk").values_list("subject", "message")) == [
            ("Deleted member", "is not active"), ("email", "Deleted member is in"),
        ]  # fmt: skip


def figures(cast: Cast) -> list[object]:
    found: list[object] = []
    for brand, row in ((cast.juniper, cast.june_in_glow), (cast.saltmarsh, cast.june_in_tide)):
        with acting_for(brand):
            found += [
                balances([row.pk], now=LATER),
                totals_by_enrollment([row.pk]),
                list(LedgerEntry.objects.order_by("pk").values()),
                list(Conversion.objects.order_by("pk").values()),
            ]
    return found


def test_nothing_in_the_database_says_who_it_was(cast: Cast, june: Creator) -> None:
    assert JUNE in text_of_the_database()

    erase(june)

    text = text_of_the_database()
    for trace in (JUNE, "okafor", "june.okafor", "it is june", "ceramics"):
        assert trace not in text, trace


def test_every_figure_is_what_it_was_and_the_books_agree(cast: Cast, june: Creator) -> None:
    before = figures(cast)

    erase(june)

    assert figures(cast) == before
    for brand in (cast.juniper, cast.saltmarsh):
        with acting_for(brand):
            assert list(differences(brand)) == []


def test_staff_see_a_deleted_member_out_of_all_offers(cast: Cast, june: Creator) -> None:
    erase(june)

    for brand, member in ((cast.juniper, cast.june), (cast.saltmarsh, cast.june_at_saltmarsh)):
        with acting_for(brand):
            row = Member.objects.get(pk=member.pk)
            assert (str(row), row.email, row.creator, row.deleted_at) == (
                "Deleted member", "", None, LATER,
            )  # fmt: skip
            statuses = Enrollment.objects.filter(member=row).values_list("status", flat=True)
            assert set(statuses) == {EnrollmentStatus.REMOVED}
            assert AuditEntry.objects.filter(action="member.erased").count() == 1
            assert Question.objects.exclude(note="").count() == 0


def test_nobody_gives_a_deleted_member_a_name_again(cast: Cast, june: Creator) -> None:
    erase(june)
    before = snapshot()

    with acting_for(cast.juniper), pytest.raises(MemberError, match="deleted at their own request"):
        change_member(
            member=cast.june, email=JUNE, first_name="June", last_name="", by=SYSTEM, now=LATER
        )

    assert snapshot() == before


def test_login_sessions_passkeys_details_and_codes_are_gone(cast: Cast, june: Creator) -> None:
    erase(june)

    assert not Creator.objects.filter(email=JUNE).exists()
    assert not User.objects.filter(email=JUNE).exists()
    assert Session.objects.count() == 0
    assert Authenticator.objects.count() == 0
    assert PayoutDetails.objects.filter(creator=june.pk).count() == 0
    with across_brands(reason="a test looks for what is left"):
        left = DetailsRelease.objects.filter(creator=None)
        assert {row.taken_back_at for row in left} == {LATER}
        assert left.count() == 2
        assert not DetailsRelease.objects.filter(creator=june.pk).exists()
    assert user_for_proven_address(email=JUNE, now=LATER) is None


def test_no_dashboard_of_theirs_opens_old_or_new(cast: Cast, june: Creator) -> None:
    before = token_for(cast.june_in_glow)
    assert enrollment_for(before) is not None

    erase(june)

    with acting_for(cast.juniper):
        after = token_for(Enrollment.objects.get(pk=cast.june_in_glow.pk))
    assert after != before
    assert (enrollment_for(before), enrollment_for(after)) == (None, None)
    assert enrollment_for(token_for(cast.mara_in_glow)) is not None


def test_waiting_mail_is_cancelled_and_no_more_comes(cast: Cast, june: Creator) -> None:
    erase(june)

    with acting_for(cast.juniper):
        mail = Message.objects.get(recipient=f"member:{cast.june.pk}")
        assert mail.state == MessageState.CANCELLED
        assert mail.to_name == "Deleted member"
        assert suppressed_among([JUNE.upper()]) == {JUNE: SuppressionReason.DELETED.value}
        again = add_member(email=JUNE, first_name="June", last_name="", by=SYSTEM, now=LATER)
        assert suppressed_among([again.email]) == {JUNE: "deleted"}
        assert unsuppress(address=JUNE, by=SYSTEM, now=LATER)
        assert suppressed_among([JUNE]) == {}
    with acting_for(cast.saltmarsh):
        assert resubscribe(address=JUNE, now=LATER)


def test_others_keep_everything(cast: Cast, june: Creator) -> None:
    with across_brands(reason="a test compares"):
        others = list(Member.objects.exclude(email=JUNE).order_by("pk").values())

    erase(june)

    with across_brands(reason="a test compares"):
        kept = Member.objects.filter(deleted_at=None).order_by("pk").values()
        assert list(kept) == others
    assert PayoutDetails.objects.count() == 2


def test_who_works_for_a_brand_keeps_that_login(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        add_member(email=cast.ines.email, first_name="Ines", last_name="", by=SYSTEM, now=NOW)
    user_for_proven_address(email=cast.ines.email, now=NOW)

    erase(Creator.objects.get(email=cast.ines.email))

    assert User.objects.get(email=cast.ines.email) == cast.ines
    assert not Creator.objects.filter(email=cast.ines.email).exists()


@pytest.mark.parametrize("wrong", ["another's", "of another act", "stale", "unknown"])
def test_without_a_fresh_code_of_ones_own_nothing_is_deleted(
    cast: Cast, june: Creator, wrong: str
) -> None:
    mara = Creator.objects.get(email=cast.mara.email)
    code = {
        "another's": lambda: prove(mara, CodePurpose.DELETION, now=LATER),
        "of another act": lambda: prove(june, CodePurpose.EXPORT, now=LATER),
        "stale": lambda: prove(june, CodePurpose.DELETION, now=LATER - timedelta(minutes=10)),
        "unknown": uuid.uuid4,
    }[wrong]()
    before = snapshot()

    with pytest.raises(ExpiredCodeError):
        erase_creator(creator=june, code=code, now=LATER)

    assert snapshot() == before
