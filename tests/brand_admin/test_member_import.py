"""Import members from a file: a preview, then the import; a page says how far each is."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import chain, repeat

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from affiliates.models import Member
from background.models import Work
from background.running import MAX_ROWS_RUN_AT_ONCE, run_slice
from brand_admin.file_form import MAX_ROWS
from brand_admin.work_handlers import HANDLERS
from offers.models import Enrollment
from tests.answers import Answer, page_text
from tests.brand_admin.staff import address, csv_of
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tests.spreadsheets import xlsx
from tracking.importing.uploads import MAX_FILE_BYTES
from tracking.links.membership import deactivate_member
from tracking.links.promo_codes import give_codes
from tracking.models import PromoCode, TrackingLink

pytestmark = pytest.mark.usefixtures("at_juniper")
HEADER = "email,first_name,last_name,promo_code\n"
ROWS = (
    "elif@demir.example,Elif,Demir,elif20\n"
    "mara@lindqvist.example,Mara,Lindqvist,\n"
    "not an address,No,Body,\n"
    "otis@brandt.example,Otis,Brandt,DIEGO10\n"
)
KEY = "00000000-0000-4000-8000-000000000001"


def upload(theo: Client, text: str | bytes, *, key: str = "", **fields: object) -> Answer:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("members.csv", content, content_type="text/csv")
    told = {"file": file, "confirmation": key or str(uuid.uuid4()), **fields}
    return theo.post(address("members_import"), told, follow=True)


def confirm(theo: Client, preview: Answer, **fields: str) -> Answer:
    work = preview.context["work"]
    return theo.post(address("members_import_confirm", work.pk), fields, follow=True)


def left_out(response: Answer) -> list[str]:
    return [f"{row.line}: {row.subject}: {row.message}" for row in response.context["page"]]


def test_the_preview_says_what_would_happen_and_changes_nothing(cast: Cast, theo: Client) -> None:
    audited = AuditEntry.objects.exclude(action="work.asked").count()

    page = upload(theo, HEADER + ROWS, offer=cast.glow.pk)

    assert page.context["row"].tiles == [
        ("To be added", "1"), ("To be changed", "0"), ("As they are already", "1"),
        ("Replace a code", "0"),
    ]  # fmt: skip
    assert left_out(page) == [
        "4: email: 'not an address' is not an email address",
        "5: promo_code: the code DIEGO10 belongs to someone else",
    ]
    assert "Nothing is changed yet" in page_text(page)
    assert "Import these members" in page_text(page)
    assert (Member.objects.count(), PromoCode.objects.count()) == (3, 3)
    assert AuditEntry.objects.exclude(action="work.asked").count() == audited


def test_confirming_brings_the_good_rows_in_once(cast: Cast, theo: Client) -> None:
    text = "\ufeff" + HEADER.replace("\n", "\r\n") + ROWS
    preview = upload(theo, text, offer=cast.glow.pk)

    first, again = confirm(theo, preview), confirm(theo, preview)

    elif_demir = Member.objects.get(email="elif@demir.example")
    enrollment = Enrollment.objects.get(member=elif_demir, offer=cast.glow)
    assert PromoCode.objects.get(enrollment=enrollment).code == "ELIF20"
    assert TrackingLink.objects.filter(enrollment=enrollment).count() == 1
    assert not Member.objects.filter(first_name="Otis").exists()
    assert Member.objects.count() == 4
    assert first.context["work"].counts == {"added": 1, "unchanged": 1}
    assert again.context["work"] == first.context["work"]
    assert len(left_out(first)) == 2


def test_members_can_come_in_without_an_offer(theo: Client) -> None:
    page = upload(theo, HEADER + ROWS)

    assert left_out(page) == [
        "2: promo_code: a code belongs to an offer: choose one",
        "4: email: 'not an address' is not an email address",
        "5: promo_code: a code belongs to an offer: choose one",
    ]
    assert "There is nothing to import" in page_text(page)
    assert "Import these members" not in page_text(page)


def test_skipped_rows_can_be_downloaded(cast: Cast, theo: Client) -> None:
    preview = upload(theo, HEADER + ROWS, offer=cast.glow.pk)

    lines = csv_of(theo.get(address("work_left_out", preview.context["work"].pk)))

    assert lines == [
        "line,what,why",
        "4,email,'not an address' is not an email address",
        "5,promo_code,the code DIEGO10 belongs to someone else",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The submitted file is empty."),
        (b"email,first_name\n", "The file has no column last_name, promo_code."),
        (HEADER.encode(), "The file has no row under its header."),
        (HEADER.encode() + b"\xff\x81,a,b,c\n", "The file is not UTF-8 text"),
        ((HEADER + "a@b.example,a,b,c\n").encode("utf-16")[:-1], "The file is not UTF-8 text"),
        (b"PK\x03\x04", "The file is not a spreadsheet that can be read."),
        (HEADER.encode() + b"a\x00@b.example,a,b,c\n", "Line 2 holds a NUL character."),
        (HEADER.encode() + b"a@b.example,a,b,\n" * (MAX_ROWS + 1), "more than 100,000 rows"),
        (b"x" * (MAX_FILE_BYTES + 1), "The file is larger than 20 MB"),
    ],
    ids=["empty", "columns", "header", "not text", "utf-16", "xlsx", "nul", "rows", "bytes"],
)
def test_a_file_that_can_not_be_read_says_why(theo: Client, content: bytes, message: str) -> None:
    before = snapshot()

    response = upload(theo, content)

    assert response.status_code == 422
    assert message in response.context["form"].errors["file"][0]
    assert snapshot() == before


def test_no_file_and_a_foreign_offer_are_refused(cast: Cast, theo: Client) -> None:
    before = snapshot()

    nothing = theo.post(address("members_import"), {"offer": "", "confirmation": KEY})
    foreign = upload(theo, HEADER + ROWS, offer=cast.tide.pk)

    assert nothing.context["form"].errors["file"] == ["Choose a file."]
    assert foreign.status_code == 422
    assert list(foreign.context["form"].errors) == ["offer"]
    assert snapshot() == before


def test_a_file_sent_twice_is_looked_at_once(theo: Client) -> None:
    first, again = (upload(theo, HEADER + ROWS, key=KEY) for _ in range(2))

    assert first.context["work"] == again.context["work"]
    assert Work.objects.count() == 1


def test_fifty_thousand_rows_wait_for_a_worker_and_the_page_says_how_far_it_is(
    theo: Client,
) -> None:
    rows = "".join(f"m{number}@crowd.example,M,{number},\n" for number in range(50_000))

    page = upload(theo, HEADER + rows)
    work = page.context["work"]
    # A slice that is over after its first batch.
    now = timezone.now()
    ticks = chain([now] * 3, repeat(now + timedelta(hours=1)))
    run_slice(work.pk, handlers=HANDLERS, now=now, clock=lambda: next(ticks))
    further = theo.get(address("work", work.pk))

    assert (work.state, work.total, work.done) == ("waiting", 50_000, 0)
    assert "It starts as soon as a worker is free" in page_text(page)
    assert "200 of 50,000 rows" in further.text
    assert 'data-hx-trigger="every 2s"' in further.text
    assert "Background work" in theo.get(address("home")).text
    assert Member.objects.count() == 3


def test_so_much_is_answered_at_once_and_more_is_not(theo: Client) -> None:
    few, many = (
        "".join(f"m{number}@crowd.example,M,,\n" for number in range(count))
        for count in (MAX_ROWS_RUN_AT_ONCE, MAX_ROWS_RUN_AT_ONCE + 1)
    )

    assert upload(theo, HEADER + few).context["work"].state == "done"
    assert upload(theo, HEADER + many).context["work"].state == "waiting"


def test_a_preview_whose_file_is_gone_can_not_be_confirmed(cast: Cast, theo: Client) -> None:
    preview = upload(theo, HEADER + ROWS, offer=cast.glow.pk)
    Work.objects.update(files_gone_at=timezone.now())

    answer = confirm(theo, preview)

    assert "This preview has expired: choose the file again." in page_text(answer)
    assert Member.objects.count() == 3


def codes_in_use() -> list[str]:
    return sorted(PromoCode.objects.in_use().values_list("code", flat=True))


def test_a_code_that_would_stop_is_named_and_asked_about(cast: Cast, theo: Client) -> None:
    rows = "mara@lindqvist.example,Mara,Lindqvist,MIA12\nelif@demir.example,Elif,Demir,ELIF20\n"
    preview = upload(theo, HEADER + rows, offer=cast.glow.pk)
    text = page_text(preview)

    assert left_out(preview) == ["2: promo_code: replaces MARA15, which stops at once"]
    assert dict(preview.context["row"].tiles)["Replace a code"] == "1"
    assert preview.context["row"].left_out == 0
    for words in (
        "Codes in use would stop",
        "1 row of the file has another",
        "Replaces a code",
    ):
        assert words in text
    assert codes_in_use() == ["DIEGO10", "JUNE20", "MARA15"]

    unasked = confirm(theo, preview)

    assert left_out(unasked) == ["2: promo_code: replaces MARA15, which stops at once"]
    assert unasked.context["row"].left_out == 1
    assert codes_in_use() == ["DIEGO10", "ELIF20", "JUNE20", "MARA15"]

    confirmed = confirm(theo, preview, replace_codes="on")

    assert left_out(confirmed) == []
    assert codes_in_use() == ["DIEGO10", "ELIF20", "JUNE20", "MIA12"]


def test_a_code_that_was_given_after_the_preview_does_not_stop(cast: Cast, theo: Client) -> None:
    rows = (
        "mara@lindqvist.example,Mara,Lindqvist,MIA12\ndiego@arroyo.example,Diego,Arroyo,DIEGO10\n"
    )
    preview = upload(theo, HEADER + rows, offer=cast.glow.pk)
    give_codes(
        codes={cast.diego_in_glow.pk: "DIEGO-BOOK"},
        enrollments=[cast.diego_in_glow],
        by=SYSTEM,
        now=timezone.now() + timedelta(minutes=1),
    )

    confirmed = confirm(theo, preview, replace_codes="on")

    [said] = left_out(confirmed)
    assert said.startswith("3: promo_code: DIEGO-BOOK was given after the preview, and would stop")
    assert codes_in_use() == ["DIEGO-BOOK", "JUNE20", "MIA12"]


def test_the_preview_says_who_had_a_code_before(cast: Cast, theo: Client) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    rows = (
        "elif@demir.example,Elif,Demir,mara15\n"
        "mara@lindqvist.example,Mara,Lindqvist,\n"
        "otis@brandt.example,Otis,Brandt,DIEGO10\n"
    )

    preview = upload(theo, HEADER + rows, offer=cast.glow.pk)

    assert left_out(preview) == [
        "2: promo_code: MARA15 belonged to Mara Lindqvist until 20 Nov 2026, 12:00",
        "4: promo_code: the code DIEGO10 belongs to someone else",
    ]
    row, text = preview.context["row"], page_text(preview)
    assert (row.left_out, row.label) == (1, "Done, some left out")
    assert dict(row.tiles)["To be added"] == "1"
    assert "Codes that somebody else had before" in text
    assert "1 row of the file gives a code" in text
    [first, *_] = preview.context["rows"]
    assert first[3] == "in"

    done = confirm(theo, preview)

    assert left_out(done) == ["4: promo_code: the code DIEGO10 belongs to someone else"]
    assert codes_in_use() == ["DIEGO10", "JUNE20", "MARA15"]


def test_a_members_own_code_of_before_is_not_remarked_on(cast: Cast, theo: Client) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    mara = "mara@lindqvist.example,Mara,Lindqvist,mara15\n"

    assert left_out(upload(theo, HEADER + mara, offer=cast.glow.pk)) == []


def test_the_same_code_again_asks_nothing(cast: Cast, theo: Client) -> None:
    preview = upload(
        theo, HEADER + "mara@lindqvist.example,Mara,Lindqvist,mara 15\n", offer=cast.glow.pk
    )

    assert preview.context["asks"] == 0
    assert "Codes in use would stop" not in page_text(preview)


def test_a_file_in_another_encoding_is_read_and_said(theo: Client) -> None:
    rows = "ana@x.example,Ana,Núñez,\n"

    western, marked = (upload(theo, (HEADER + rows).encode(name)) for name in ("cp1252", "utf-16"))

    assert "check that letters with accents are right" in page_text(western)
    assert "The file is UTF-16 text" in page_text(marked)
    for page in (western, marked):
        assert "Núñez" in page_text(page)


def test_a_spreadsheet_of_members_is_read(cast: Cast, theo: Client) -> None:
    sheet: list[list[object]] = [
        [*HEADER.strip().split(",")],
        ["elif@demir.example", "Elif", "Demir", 2020.0],
        [None],
    ]

    preview = upload(theo, xlsx({"Members": sheet}), offer=cast.glow.pk)
    confirm(theo, preview)

    assert PromoCode.objects.get(code="2020").enrollment.member.first_name == "Elif"
