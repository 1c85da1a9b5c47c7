"""Mails are in the recipient's language, not in that of the person who caused them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

from django.test import Client

from affiliates.models import Creator
from affiliates.selectors import language_of
from affiliates.services import set_language
from core.languages import speaking
from core.tenancy import acting_for
from notifications.mails import rendered
from notifications.models import Message, Purpose
from notifications.rendering import Rendered
from offers.models import Terms
from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.cast import Cast
from tests.mailbox import Mailbox
from tests.portal.conftest import Sell
from tests.portal.test_portal import ask, enter, mailed_code
from tracking.models import Question
from tracking.outreach.terms_mail import send_terms_mail
from tracking.questions.services import ask_about_order, explain_question

MARA = "mara@lindqvist.example"
QUESTION = {"order_reference": "1001", "ordered_on": "2026-11-18", "note": ""}


def creator(address: str = MARA) -> Creator:
    return Creator.objects.get(email=address)


def read_in(language: str, address: str = MARA) -> None:
    set_language(creator=creator(address), tag=language)


def mail_to(address: str, purpose: Purpose) -> Rendered:
    """The one mail of this purpose to the address, as it goes out."""
    message = Message.objects.select_related("campaign").get(to_address=address, purpose=purpose)
    return rendered(message.campaign, message)


def answered(cast: Cast) -> Rendered:
    """Staff, who are spoken to in English, answer Mara's question."""
    with acting_for(cast.juniper):
        asked = ask_about_order(
            enrollment=cast.mara_in_glow,
            order_reference="1001",
            ordered_on=date(2026, 11, 18),
            note="",
            by=cast.by,
            now=cast.now,
        )
        question = Question.objects.select_related("enrollment__member").get(pk=asked.pk)
        explain_question(question=question, text="It is among Diego's.", by=cast.by, now=cast.now)
        return mail_to(MARA, Purpose.QUESTION_ANSWERED)


def test_an_answer_is_in_the_members_language_and_the_brands_words_stay(cast: Cast) -> None:
    read_in("de")

    mail = answered(cast)

    assert mail.subject == "Deine Frage zur Bestellung 1001"
    assert "Hallo Mara," in mail.text
    assert "It is among Diego's." in mail.text
    assert "Du bekommst diese E-Mail, weil du Mitglied bei Juniper & Co bist." in mail.text
    assert "Abmelden: http" in mail.text
    assert '<html lang="de"' in mail.html
    assert ">Abmelden</a>" in mail.html
    assert "Mein Dashboard ansehen" in mail.html


def test_who_never_chose_gets_english(cast: Cast) -> None:
    mail = answered(cast)

    assert mail.subject == "Your question about order 1001"
    assert '<html lang="en"' in mail.html
    assert "Unsubscribe: http" in mail.text


def test_a_member_without_an_address_has_no_language(cast: Cast) -> None:
    cast.mara.creator = None

    assert language_of(cast.mara) == ""


def test_new_terms_are_told_to_each_in_their_language(cast: Cast) -> None:
    read_in("es-mx")
    read_in("fr", "diego@arroyo.example")
    with acting_for(cast.juniper):
        before = Terms.objects.get(offer=cast.glow)
        terms = supersede_terms(
            offer=cast.glow,
            values=TermsValues(fixed_minor=123_450, hold_days=14),
            starts_at=cast.now + timedelta(days=10),
            by=cast.by,
            now=cast.now,
        )
        send_terms_mail(terms=terms, before=before, by=cast.by, now=cast.now)
        spanish, french, english = (
            mail_to(address, Purpose.TERMS_CHANGED)
            for address in (MARA, "diego@arroyo.example", "june@okafor.example")
        )

    assert spanish.subject == "Nuevas condiciones de Winter Glow creators"
    assert "GBP\N{NO-BREAK SPACE}1,234.50" in spanish.text  # as amounts are written in Mexico
    assert french.subject == "Nouvelles conditions pour Winter Glow creators"
    assert "1\N{NARROW NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}£" in french.text
    assert "30 nov. 2026" in french.text
    assert english.subject == "New terms for Winter Glow creators"


def test_a_login_code_is_mailed_in_the_language_of_the_page(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    german = {"Accept-Language": "de-AT"}
    client.post("/portal/login/", {"email": MARA}, headers=german)

    [known] = mailbox.mails
    assert str(known["Subject"]).endswith(" ist dein Code zum Anmelden bei Tributary")
    assert "Gib ihn niemals weiter" in known.get_content()


def test_the_language_of_a_login_is_learnt_until_one_is_chosen(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    german = Client(headers={"Accept-Language": "de-AT,de;q=0.9"})
    ask(german, MARA)
    enter(german, mailed_code(mailbox, MARA))
    assert creator().language == "de-at"

    read_in("fr")
    again = Client(headers={"Accept-Language": "de"})
    ask(again, MARA)
    enter(again, mailed_code(mailbox, MARA))

    assert creator().language == "fr"


def test_the_language_of_a_question_is_learnt(cast: Cast, client: Client, path: str) -> None:
    german = {"Accept-Language": "de"}

    client.post(f"{path}/questions", {**QUESTION, "ordered_on": "2099-01-01"}, headers=german)
    assert creator().language == ""
    answer = client.post(f"{path}/questions", QUESTION, headers=german)

    assert answer.status_code == 302
    assert creator().language == "de"


def test_what_one_speaks_does_not_stay_for_the_next(cast: Cast) -> None:
    read_in("de")

    with speaking("fr"):
        mail = answered(cast)

    assert mail.subject == "Deine Frage zur Bestellung 1001"


def test_the_csv_is_in_the_readers_words_and_every_programs_numbers(
    cast: Cast, client: Client, path: str, sell: Sell
) -> None:
    sell("SHOP-0001", days_ago=2)

    answer = client.get(f"{path}/conversions.csv", headers={"Accept-Language": "de"})

    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0][:3] == ["Bestellt am", "Bestellung", "Umsatz"]
    assert rows[1][2:9] == [
        "84.20",
        "0.00",
        "8.42",
        "GBP",
        "bestätigt",
        "",
        "Code",
    ]
