"""Projects in the brand admin, and the four steps of their Sales Tracking stage."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from accounts.models import AuditEntry
from affiliates.models import Member
from core.tenancy import acting_for
from notifications.models import Campaign, Message, MessageState, Purpose
from offers.models import Enrollment, Offer, OfferStatus, Project, ProjectMember
from offers.services import (
    TermsValues,
    add_to_project,
    create_offer,
    create_project,
    set_offer_status,
    set_up_stage,
)
from tests.brand_admin.staff import address, csv_of, logged_in, new_brand
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tracking.models import PromoCode, TrackingLink
from tracking.services import deactivate_member, generate_items, record_order
from tracking.stages import Step, steps_of


@pytest.fixture
def client(cast: Cast) -> Client:
    return logged_in(cast.theo)


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast):
    with acting_for(cast.juniper):
        yield


@pytest.fixture
def project(cast: Cast) -> Project:
    """Launch, with all three members and no offer yet."""
    made = create_project(name="Launch", by=SYSTEM, now=NOW)
    add_to_project(project=made, members=[cast.mara, cast.diego, cast.june], by=SYSTEM, now=NOW)
    return made


@pytest.fixture
def staged(project: Project) -> Project:
    """Launch, set up with an offer of codes and links that nobody has yet."""
    return set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)


def new_offer(name: str = "Spring", kind: str = "both") -> Offer:
    values = offer_values(name=name, kind=kind, code_pattern="{FIRST_NAME}S")
    return create_offer(values=values, terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW)


def in_stage(project: Project, member: Member) -> Enrollment:
    return Enrollment.objects.select_related("member", "offer").get(
        offer=project.offer, member=member
    )


def everybody(project: Project) -> list[Enrollment]:
    return list(Enrollment.objects.filter(offer=project.offer).order_by("pk"))


def generated(enrollments: Sequence[Enrollment]) -> None:
    codes = {row.pk: f"CODE{row.pk}" for row in enrollments}
    generate_items(enrollments=enrollments, codes=codes, links=True, by=SYSTEM, now=NOW)


def mailed(enrollment: Enrollment, state: str, reason: str = "") -> None:
    campaign = Campaign.objects.create(
        purpose=Purpose.SALES_TRACKING_ITEMS, title="Spring", subject="x", body="x", html="x",
        text="x", from_name="x", confirmation=uuid.uuid4(), recipients=1, confirmed_by="x",
        confirmed_at=NOW,
    )  # fmt: skip
    Message.objects.create(
        campaign=campaign, purpose=campaign.purpose, recipient=f"member:{enrollment.member_id}",
        about=f"enrollment:{enrollment.pk}", to_address=enrollment.member.email, values={},
        state=state, due_at=NOW, settled_at=NOW, reason=reason,
    )  # fmt: skip


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def press(
    client: Client, project: Project, action: str, codes: dict[Enrollment, str]
) -> HttpResponse:
    """Tick these enrollments in Generate, with these codes typed, and press a button."""
    typed = {f"code-{row.pk}": code for row, code in codes.items()}
    ticked = [row.pk for row in codes]
    return client.post(
        address("project_generate", project.pk), {"action": action, "selected": ticked, **typed}
    )


# --- the list


@pytest.mark.parametrize("projects", [1, 3])
def test_the_list_takes_the_same_queries_for_one_project_and_for_three(
    project: Project, client: Client, projects: int, django_assert_num_queries
) -> None:
    for number in range(projects - 1):
        create_project(name=f"Project {number}", by=SYSTEM, now=NOW)

    with django_assert_num_queries(7):
        response = client.get(address("projects"))

    assert len(response.context["rows"]) == projects


def test_the_list_shows_where_members_stand(cast: Cast, staged: Project, client: Client) -> None:
    mara, diego, _june = everybody(staged)
    generated([mara, diego])
    mailed(mara, MessageState.DELIVERED)

    text = client.get(address("projects")).text

    assert "Launch" in text
    assert "1 to generate" in text
    assert "1 to send" in text
    assert "1 sent" in text


def test_search_order_and_export(project: Project, client: Client) -> None:
    create_project(name="Autumn", by=SYSTEM, now=NOW)

    def found(query: str) -> list[str]:
        return [row.name for row, _ in client.get(address("projects", query=query)).context["rows"]]

    assert found("sort=name") == ["Autumn", "Launch"]
    assert found("q=lau") == ["Launch"]
    assert found("q=nothing") == []
    assert csv_of(client.get(address("projects_export", query="q=launch"))) == [
        "name,offer,members,set_up,generate,send,tracking,created",
        "Launch,,3,3,0,0,0,2026-11-20T12:00:00+00:00",
    ]


def test_an_empty_brand_is_told_what_to_do(cast: Cast) -> None:
    new_brand("fresh", owner=cast.otto)

    assert "No projects yet" in logged_in(cast.otto).get(address("projects", slug="fresh")).text


# --- create, members


def test_a_project_is_made_and_asks_for_members(client: Client) -> None:
    response = client.post(address("project_new"), {"name": " Launch "})

    project = Project.objects.get()
    assert project.name == "Launch"
    assert response.headers["Location"] == address("project_add", project.pk)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        ("x" * 121, "at most 120 characters"),
        ("Launch", "There is a project 'Launch' already."),
    ],
)
def test_a_bad_name_makes_no_project(
    project: Project, client: Client, name: str, message: str
) -> None:
    response = client.post(address("project_new"), {"name": name})

    assert response.status_code == 422
    assert message in response.context["form"].errors["name"][0]
    assert Project.objects.count() == 1


def test_ticked_members_join_the_project_and_its_offer(cast: Cast, client: Client) -> None:
    project = create_project(name="Small", by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)

    client.post(address("project_add", project.pk), {"selected": [cast.mara.pk, cast.june.pk]})

    assert set(ProjectMember.objects.values_list("member", flat=True)) == {
        cast.mara.pk,
        cast.june.pk,
    }
    assert {row.member_id for row in everybody(project)} == {cast.mara.pk, cast.june.pk}
    found = client.get(address("project_add", project.pk)).context["page"]
    assert list(found) == [cast.diego]


def test_members_of_another_brand_and_nonsense_are_not_added(cast: Cast, client: Client) -> None:
    project = create_project(name="Small", by=SYSTEM, now=NOW)

    response = client.post(
        address("project_add", project.pk),
        {"selected": [cast.june_at_saltmarsh.pk, 10**30, "x", ""]},
    )

    assert told(response) == ["Tick at least one member."]
    assert ProjectMember.objects.count() == 0


@pytest.mark.parametrize(("query", "members"), [("q=mara", 1), ("", 3)])
def test_the_members_take_the_same_queries_for_one_and_for_three(
    staged: Project, client: Client, query: str, members: int, django_assert_num_queries
) -> None:
    with django_assert_num_queries(8):
        response = client.get(address("project_members", staged.pk, query=query))

    assert len(response.context["page"]) == members


@pytest.mark.parametrize(
    ("facts", "step"),
    [("none", "set_up"), ("offer", "generate"), ("items", "send"), ("mails", "tracking")],
)
def test_the_project_opens_where_the_work_is(
    project: Project, client: Client, facts: str, step: str
) -> None:
    if facts != "none":
        set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)
        rows = list(Enrollment.objects.filter(offer=project.offer).select_related("member"))
    if facts in {"items", "mails"}:
        generated(rows)
    if facts == "mails":
        for row in rows:
            mailed(row, MessageState.ACCEPTED)

    response = client.get(address("project", project.pk))

    assert response.headers["Location"] == address(f"project_{step}", project.pk)


# --- set up offer


def test_picking_an_offer_sets_up_the_stage_and_enrolls_everybody(
    project: Project, client: Client
) -> None:
    offer = new_offer()

    client.post(address("project_set_up", project.pk), {"offer": offer.pk})

    project.refresh_from_db()
    assert project.offer == offer
    assert len(everybody(project)) == 3
    assert steps_of(project).counts == {Step.GENERATE: 3}


def test_an_offer_that_cannot_be_picked_sets_nothing_up(
    cast: Cast, project: Project, client: Client
) -> None:
    ended = new_offer("Over")
    set_offer_status(offer=ended, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)

    answers = [
        client.post(address("project_set_up", project.pk), {"offer": key})
        for key in (cast.tide.pk, ended.pk, 10**12, "x", "")
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
    project.refresh_from_db()
    assert project.offer is None


@pytest.mark.parametrize("step", ["generate", "send", "tracking"])
def test_without_an_offer_the_later_steps_lead_back(
    project: Project, client: Client, step: str
) -> None:
    response = client.get(address(f"project_{step}", project.pk))

    assert response.headers["Location"] == address("project_set_up", project.pk)


# --- generate


@pytest.mark.parametrize("members", [1, 3])
def test_generate_takes_the_same_queries_for_one_member_and_for_three(
    cast: Cast, client: Client, members: int, django_assert_num_queries
) -> None:
    project = create_project(name="Sized", by=SYSTEM, now=NOW)
    chosen = [cast.mara, cast.diego, cast.june][:members]
    add_to_project(project=project, members=chosen, by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)

    with django_assert_num_queries(12):
        response = client.get(address("project_generate", project.pk))

    assert len(response.context["rows"]) == members


def test_codes_are_suggested_from_the_pattern(staged: Project, client: Client) -> None:
    rows = client.get(address("project_generate", staged.pk)).context["rows"]

    assert [row.code for row in rows] == ["DIEGOS", "MARAS", "JUNES"]


def test_ticked_members_get_the_codes_as_edited_and_links(
    cast: Cast, staged: Project, client: Client
) -> None:
    mara, diego, june = everybody(staged)

    response = press(client, staged, "both", {mara: "mara spring", diego: "DIEGOS"})

    assert told(response) == ["Made 2 codes and 2 links."]
    codes = dict(PromoCode.objects.values_list("enrollment_id", "code"))
    assert (codes[mara.pk], codes[diego.pk]) == ("MARASPRING", "DIEGOS")
    assert june.pk not in codes
    assert TrackingLink.objects.filter(enrollment__in=[mara, diego]).count() == 2
    assert steps_of(staged).counts == {Step.GENERATE: 1, Step.SEND: 2}


@pytest.mark.parametrize(("action", "codes", "links"), [("codes", 1, 0), ("links", 0, 1)])
def test_codes_or_links_alone(
    staged: Project, client: Client, action: str, codes: int, links: int
) -> None:
    mara = everybody(staged)[0]

    response = press(client, staged, action, {mara: "MARAS"})

    assert told(response) == [f"Made 1 {action[:-1]}."]
    assert PromoCode.objects.filter(enrollment=mara).count() == codes
    assert TrackingLink.objects.filter(enrollment=mara).count() == links
    assert steps_of(staged).counts == {Step.GENERATE: 3}


def test_who_has_a_code_keeps_it_when_the_link_is_made(staged: Project, client: Client) -> None:
    mara = everybody(staged)[0]
    press(client, staged, "codes", {mara: "MARAS"})

    press(client, staged, "both", {mara: "OTHER"})

    assert [row.code for row in PromoCode.objects.filter(enrollment=mara)] == ["MARAS"]
    assert TrackingLink.objects.filter(enrollment=mara).count() == 1


def test_every_clash_is_named_per_member_and_nothing_is_half_done(
    cast: Cast, staged: Project, client: Client
) -> None:
    mara, diego, june = everybody(staged)
    before = (PromoCode.objects.count(), TrackingLink.objects.count(), AuditEntry.objects.count())

    response = press(client, staged, "both", {mara: "DIEGO10", diego: "FINE", june: "no good!"})

    assert response.status_code == 422
    rows = {row.enrollment.pk: row for row in response.context["rows"]}
    assert rows[mara.pk].problem == "the code DIEGO10 belongs to someone else"
    assert rows[diego.pk].problem == ""
    assert "NOGOOD! is no code" in rows[june.pk].problem
    assert [rows[pk].code for pk in (mara.pk, diego.pk)] == ["DIEGO10", "FINE"]
    assert all(row.is_ticked for row in rows.values())
    assert "Mara Lindqvist: the code DIEGO10 belongs to someone else" in response.text
    after = (PromoCode.objects.count(), TrackingLink.objects.count(), AuditEntry.objects.count())
    assert after == before


@pytest.mark.parametrize("code", ["", "X", "x" * 41, "A\x00B", "ÄÖ", "<b>"])
def test_a_malformed_code_is_refused(staged: Project, client: Client, code: str) -> None:
    mara = everybody(staged)[0]

    response = press(client, staged, "both", {mara: code})

    assert response.status_code == 422
    assert not TrackingLink.objects.filter(enrollment=mara).exists()


def test_the_same_code_twice_is_refused(staged: Project, client: Client) -> None:
    mara, diego, _june = everybody(staged)

    response = press(client, staged, "both", {mara: "TWIN", diego: "twin"})

    assert "stands twice in this list" in response.text
    assert not PromoCode.objects.filter(code="TWIN").exists()


@pytest.mark.parametrize("ticked", ["nobody", "foreign", "inactive"])
def test_who_does_not_stand_here_gets_nothing(
    cast: Cast, staged: Project, client: Client, ticked: str
) -> None:
    mara = everybody(staged)[0]
    if ticked == "inactive":
        deactivate_member(enrollment=mara, by=SYSTEM, now=NOW)
    ids = {"nobody": [], "foreign": [cast.june_in_tide.pk, 10**30], "inactive": [mara.pk]}[ticked]

    response = client.post(
        address("project_generate", staged.pk),
        {"action": "both", "selected": ids, f"code-{mara.pk}": "MARAS"},
    )

    assert told(response) == ["Tick at least one member."]
    assert PromoCode.objects.count() == 3
    with acting_for(cast.saltmarsh):
        assert PromoCode.objects.count() == 1


# --- send


@pytest.mark.parametrize("members", [1, 3])
def test_send_takes_the_same_queries_for_one_member_and_for_three(
    staged: Project, client: Client, members: int, django_assert_num_queries
) -> None:
    generated(everybody(staged)[:members])

    with django_assert_num_queries(13):
        response = client.get(address("project_send", staged.pk))

    assert len(response.context["rows"]) == members


def test_send_shows_items_and_what_became_of_the_mail(
    cast: Cast, staged: Project, client: Client
) -> None:
    generated(everybody(staged))
    mailed(in_stage(staged, cast.mara), MessageState.BOUNCED, reason="no such mailbox")
    mailed(in_stage(staged, cast.diego), MessageState.ACCEPTED)

    waiting = client.get(address("project_send", staged.pk))
    sent = client.get(address("project_send", staged.pk, query="show=sent"))

    assert [row.enrollment.member for row in waiting.context["rows"]] == [cast.mara, cast.june]
    assert "no such mailbox" in waiting.text
    assert "Not sent" in waiting.text
    assert "/d/" in waiting.text
    assert [row.enrollment.member for row in sent.context["rows"]] == [cast.diego]
    assert "20 Nov 2026, 12:00" in sent.text


def test_the_ticked_go_to_the_email_drawer(cast: Cast, staged: Project, client: Client) -> None:
    generated(everybody(staged))
    mara = in_stage(staged, cast.mara)
    asked = f"purpose=sales_tracking_items&offer={staged.offer.pk}"

    response = client.get(address("project_send", staged.pk, query=f"{asked}&selected={mara.pk}"))
    nobody = client.get(address("project_send", staged.pk, query=asked))

    leads_to = urlsplit(response.headers["Location"])
    assert leads_to.path == address("compose")
    assert parse_qs(leads_to.query)["selected"] == [str(mara.pk)]
    assert nobody.headers["Location"] == address("project_send", staged.pk)
    assert told(nobody) == ["Tick at least one member."]
    drawer = client.get(response.headers["Location"])
    assert drawer.status_code == 200
    assert drawer.context["audience"].recipients[0].to_address == "mara@lindqvist.example"


# --- tracking


@pytest.mark.parametrize("members", [1, 3])
def test_tracking_takes_the_same_queries_for_one_member_and_for_three(
    staged: Project, client: Client, members: int, django_assert_num_queries
) -> None:
    rows = everybody(staged)[:members]
    generated(rows)
    for row in rows:
        mailed(row, MessageState.DELIVERED)

    with django_assert_num_queries(14):
        response = client.get(address("project_tracking", staged.pk))

    assert len(response.context["rows"]) == members


def test_tracking_shows_what_the_sent_ones_sold(
    cast: Cast, staged: Project, client: Client
) -> None:
    mara, diego, _june = rows = everybody(staged)
    generated(rows)
    mailed(mara, MessageState.DELIVERED)
    mailed(diego, MessageState.DELIVERED)
    sold = order(promo_code=f"CODE{diego.pk}")
    record_order(source="shop", order=sold, by=SYSTEM, now=NOW)

    response = client.get(address("project_tracking", staged.pk, query="sort=-sales"))
    lines = csv_of(client.get(address("project_tracking_csv", staged.pk, query="sort=-sales")))

    assert [row.enrollment.member for row, _ in response.context["rows"]] == [
        cast.diego,
        cast.mara,
    ]
    assert str(response.context["figures"].commission) == "8.42 GBP"
    assert "£84.20" in response.text
    assert lines[0].startswith("email,first_name,last_name,code,link,sent,clicks,conversions")
    assert lines[1].endswith(",0,1,84.20,0.00,8.42,0.00,8.42")
    assert len(lines) == 3


# --- who may


def test_a_project_of_another_brand_answers_as_a_missing_one(cast: Cast, client: Client) -> None:
    with acting_for(cast.saltmarsh):
        foreign = create_project(name="Theirs", by=SYSTEM, now=NOW).pk
    views = [
        f"project{part}"
        for part in ("", "_members", "_add", "_set_up", "_generate", "_send", "_tracking")
    ]

    theirs = [client.get(address(view, foreign)) for view in views]
    missing = [client.get(address(view, 10**12)) for view in views]

    assert {response.status_code for response in [*theirs, *missing]} == {404}
    assert [r.content for r in theirs] == [r.content for r in missing]
    posted = client.post(address("project_add", foreign), {"selected": [cast.mara.pk]})
    assert posted.status_code == 404
    with acting_for(cast.saltmarsh):
        assert ProjectMember.objects.count() == 0


def test_a_viewer_reads_and_changes_nothing(cast: Cast, staged: Project) -> None:
    viewer = logged_in(cast.vera)
    mara = everybody(staged)[0]
    audited = AuditEntry.objects.count()

    posts = [
        viewer.post(address("project_new"), {"name": "Mine"}),
        viewer.post(address("project_add", staged.pk), {"selected": [cast.mara.pk]}),
        viewer.post(address("project_set_up", staged.pk), {"offer": cast.glow.pk}),
        press(viewer, staged, "both", {mara: "MARAS"}),
    ]

    assert [response.status_code for response in posts] == [403, 403, 403, 403]
    staged.refresh_from_db()
    assert (Project.objects.count(), staged.offer.name) == (1, "Spring")
    assert not PromoCode.objects.filter(enrollment=mara).exists()
    assert AuditEntry.objects.count() == audited
    page = viewer.get(address("project_generate", staged.pk))
    assert page.status_code == 200
    assert "Generate codes and links" not in page.text
