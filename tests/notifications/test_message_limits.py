"""What no message can be: without words, too long, too deep, with a subject of two lines."""

from __future__ import annotations

import pytest

from notifications.rendering import BrandStyle, TemplateError, prepare
from tests.notifications.senders import BODY


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_a_subject_with_a_line_break_is_refused(line_break: str) -> None:
    with pytest.raises(TemplateError, match="line break"):
        prepare(subject=f"Hello{line_break}Bcc: all@example.com", body=BODY, style=BrandStyle())


@pytest.mark.parametrize("body", ["", "  ", "<p></p>", "<p><br></p>", "<script>x</script>"])
def test_an_empty_message_is_refused(body: str) -> None:
    with pytest.raises(TemplateError, match="empty"):
        prepare(subject="Hi", body=body, style=BrandStyle())


@pytest.mark.parametrize("tag", ["ul><li", "b", "blockquote", "table><tr><td"])
def test_a_message_nested_too_deeply_is_refused(tag: str) -> None:
    opened = tag.split("><")
    closed = "".join(f"</{one}>" for one in reversed(opened))
    begun = "".join(f"<{one}>" for one in opened)

    with pytest.raises(TemplateError, match="within one another"):
        prepare(subject="Hi", body=f"{begun * 500}Hi{closed * 500}", style=BrandStyle())
    some = f"{begun * 12}Hi{closed * 12}"
    assert "Hi" in prepare(subject="Hi", body=some, style=BrandStyle()).text


def test_a_message_too_long_for_a_mail_reader_is_refused() -> None:
    with pytest.raises(TemplateError, match="longer"):
        prepare(subject="Hi", body=f"<p>{'a' * 60_000}</p>", style=BrandStyle())
