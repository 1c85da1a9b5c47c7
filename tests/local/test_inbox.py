"""The local inbox: what the mail server wrote, as pages."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page

from config.local.mails import find_keys, read_mail, read_rows
from config.local.ports import HOST
from config.local.smtp import Keeper, serve
from tests.answers import page_text
from tests.own_processes import MAX_WAIT_SECONDS
from tests.ports import lent_port

Send = Callable[..., None]


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "inbox"
    monkeypatch.setenv("LOCAL_INBOX", str(folder))
    return folder


@pytest.fixture
def send(inbox: Path) -> Iterator[Send]:
    """Send one mail to the inbox over real SMTP."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    started = threading.Event()

    async def run(port: int) -> None:
        async with await serve(keeper=Keeper(inbox), port=port):
            started.set()
            await stopped.wait()

    with lent_port() as port:
        thread = threading.Thread(target=lambda: loop.run_until_complete(run(port)))
        thread.start()
        assert started.wait(MAX_WAIT_SECONDS)
        yield partial(send_one, port)
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
    loop.close()


def send_one(
    port: int, *, to: str, subject: str = "Hello", text: str = "Hi", html: str = ""
) -> None:
    mail = EmailMessage()
    mail["From"] = "Juniper & Co <tracking@tributary.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP(HOST, port, local_hostname="localhost") as server:
        server.send_message(mail)


def test_mails_are_listed_newest_first_and_found_by_address(send: Send, inbox: Path) -> None:
    send(to="mara@creators.example", subject="Größe")
    send(to="diego@creators.example", subject="Second")

    rows = read_rows(inbox, find_keys(inbox))
    found = read_rows(inbox, find_keys(inbox, search=" MARA@creators "))

    assert [row.to for row in rows] == ["diego@creators.example", "mara@creators.example"]
    assert [(row.subject, row.sender_name) for row in found] == [("Größe", "Juniper & Co")]


def test_a_mail_is_kept_as_it_came(send: Send, inbox: Path) -> None:
    send(to="mara@creators.example", text="Grüße\n.dot\n", html="<p>Grüße</p>")

    mail = read_mail(inbox, find_keys(inbox)[0])

    assert mail is not None
    assert (mail.text, mail.html) == ("Grüße\n.dot\n", "<p>Grüße</p>\n")
    assert ("X-RcptTo", "mara@creators.example") in mail.headers


def test_the_pages_show_the_mail(send: Send, inbox: Path, client: Client) -> None:
    send(to="mara@creators.example", subject="Your <details>", text="Hi", html="<b>Hi</b>")
    key = find_keys(inbox)[0]

    listed = client.get("/inbox/", {"q": "mara"})
    shown = client.get(f"/inbox/{key}/")

    assert "Your &lt;details&gt;" in page_text(listed)
    assert f"/inbox/{key}/html" in page_text(shown)


def test_a_mails_html_may_run_and_load_nothing(send: Send, inbox: Path, client: Client) -> None:
    send(
        to="mara@creators.example", html="<html><head></head><body><script>1</script></body></html>"
    )

    response = client.get(f"/inbox/{find_keys(inbox)[0]}/html")

    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert '<head><base target="_blank">' in page_text(response)


@pytest.mark.parametrize("key", ["1.nobody", "..", "%2e%2e", "..%2f..%2fsecrets.env"])
def test_an_unknown_mail_is_not_found(inbox: Path, client: Client, key: str) -> None:
    assert client.get(f"/inbox/{key}/").status_code == 404
    assert client.get(f"/inbox/{key}/html").status_code == 404


def test_an_inbox_that_never_got_a_mail_says_what_to_do(inbox: Path, client: Client) -> None:
    assert "No mail yet" in client.get("/inbox/").content.decode()


@pytest.mark.browser
def test_a_mail_is_opened_and_its_link_followed(send: Send, page: Page) -> None:
    send(to="mara@creators.example", html='<p>Hi <a href="/inbox/?q=diego">all mails</a></p>')

    page.goto("/inbox/")
    page.get_by_role("link", name="Hello").click()
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="all mails").click()

    opened.value.get_by_role("heading", name="No mail matches").wait_for()
