"""The contract of a component holds, and every template keeps to the contracts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.forms.utils import flatatt
from django.template import Context, Engine, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from core.components import ComponentError, contract_of, problems
from core.components.contract import HtmlAttributes
from tests.answers import as_one_line

pytestmark = pytest.mark.urls("tests.core.component_pages")
TEMPLATES = Path(settings.BASE_DIR) / "templates"
BUILTINS = [f"core.templatetags.{name}" for name in ("components", "display", "page")]
ICONS = Path(settings.BASE_DIR) / "static" / "icons.svg"
EMAIL_FOLDERS = {"affiliates", "notifications", "offers", "payouts", "tracking"}
FOOT_SLOT = (
    '{% component_block "sample" label="x" %}{% slot "foot" %}{% end_slot %}{% end_component %}'
)
SLOT_TWICE = (
    '{% component_block "x" %}{% slot "a" %}{% end_slot %}'
    '{% slot "a" %}{% end_slot %}{% end_component %}'
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine with one component of its own, `sample`, before the real ones."""
    folder = tmp_path / "components"
    folder.mkdir()
    (folder / "sample.html").write_text(
        '{% attributes label kind="plain" *html %}{% choices kind "plain" "loud" %}'
        "{% slots content actions %}"
        "<p{{ html }}>{{ label }}|{{ kind }}|{{ content }}|{{ actions }}|{{ outside }}</p>\n"
    )
    (folder / "undeclared.html").write_text("<p></p>")
    return Engine(dirs=[str(tmp_path), str(TEMPLATES)], builtins=BUILTINS)


def render(engine: Engine, source: str, **context: object) -> str:
    return str(engine.from_string(source).render(Context(context)))


def render_page(source: str, path: str = "/", **context: object) -> str:
    """`source` with the real components and a request, as a view renders it, as one line."""
    loader = get_template("base.html").template.engine  # type: ignore[attr-defined]
    request = RequestFactory().get(path)
    page = loader.from_string(source).render(Context({"request": request, **context}))
    return as_one_line(str(page))


class Ids(HTMLParser):
    """Every id, and every id that something says it is described by."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.described_by: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(found["id"] or "")
        self.described_by += (found.get("aria-describedby") or "").split()


def test_inline_component_takes_attributes_and_defaults(engine: Engine) -> None:
    assert render(engine, '{% component "sample" label=name %}', name="Mara") == (
        "<p>Mara|plain|||</p>"
    )


def test_block_component_takes_content_and_named_slots(engine: Engine) -> None:
    source = (
        '{% component_block "sample" label="x" kind="loud" %} body {{ name }}'
        '{% slot "actions" %} act {% end_slot %} {% end_component %}'
    )

    assert render(engine, source, name="Mara") == "<p>x|loud|body Mara|act|</p>"


def test_choices_of_one_attribute_add_up() -> None:
    source = '{% attributes tone %}{% choices tone "good" "bad" %}{% choices tone "wait" %}'

    contract = contract_of(Engine(builtins=BUILTINS).from_string(source))

    assert contract.choices == {"tone": ("good", "bad", "wait")}


def test_component_does_not_see_the_page(engine: Engine) -> None:
    assert "secret" not in render(engine, '{% component "sample" label="x" %}', outside="secret")


def test_values_are_escaped_once(engine: Engine) -> None:
    source = '{% component "sample" label=name data-x=name %}'

    assert render(engine, source, name="<b>&") == (
        '<p data-x="&lt;b&gt;&amp;">&lt;b&gt;&amp;|plain|||</p>'
    )


def test_html_attributes_are_written_as_django_writes_them() -> None:
    given: dict[str, object] = {
        "data-hx-b": "<'&\">", "data-off": False, "aria-on": True, "data-none": None, "data-a": 7,
        "aria-<x>": True, "data-safe": mark_safe("&amp;"), "data-lazy": gettext_lazy("Copy"),
        "data-<y>": "",
    }  # fmt: skip

    assert str(HtmlAttributes(given)) == flatatt(given)
    assert str(HtmlAttributes()) == ""
    attributes: Any = HtmlAttributes(given)
    assert conditional_escape(attributes) == flatatt(given)


def test_html_attributes_come_by_name_or_as_a_mapping(engine: Engine) -> None:
    source = (
        '{% component "sample" label="x" data-hx-get="/y" aria-busy=busy data-on=on html=more %}'
    )

    found = render(engine, source, busy=None, on=True, more={"data-id": 7})

    assert found == '<p data-hx-get="/y" data-id="7" data-on>x|plain|||</p>'


def test_none_for_an_optional_attribute_means_its_default(engine: Engine) -> None:
    assert "|plain|" in render(engine, '{% component "sample" label="x" kind=missing %}')


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{% component "nothing" %}', "there is no component 'nothing'"),
        ('{% component "undeclared" %}', "components/undeclared.html declares no attributes"),
        ('{% component "sample" %}', "component 'sample': needs 'label'"),
        (
            '{% component "sample" label=missing %}',
            "component 'sample': 'label' is None or not defined",
        ),
        (
            '{% component "sample" label="x" size="big" %}',
            "component 'sample': has no attribute 'size'; it has kind, label",
        ),
        (
            '{% component "sample" label="x" kind="shy" %}',
            "component 'sample': kind is 'shy'; it can be 'plain', 'loud'",
        ),
        (
            FOOT_SLOT,
            "component 'sample': has no slot 'foot'; it has content, actions",
        ),
        (
            '{% component_block "badge" label="x" %}text{% end_component %}',
            "component 'badge': has no slot 'content'; it has none",
        ),
        (
            '{% component "badge" label="x" data-id="1" %}',
            "component 'badge': takes no html attributes, so not 'data-id'",
        ),
        (
            '{% component "sample" label="x" html=bad %}',
            "component 'sample': html can't hold ['onclick']",
        ),
        ('{% slot "actions" %}{% end_slot %}', "slot 'actions' stands alone"),
    ],
)
def test_misuse_fails_at_render_and_says_what_is_wrong(
    engine: Engine, source: str, message: str
) -> None:
    with pytest.raises(ComponentError) as raised:
        render(engine, source, bad={"onclick": "x"})

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    "source",
    [
        "{% component %}",
        '{% component label="x" %}',
        '{% component "sample" "x" %}',
        '{% component "sample" label="x" label="y" %}',
        '{% component_block "sample" label="x" %}',
        "{% slot %}{% end_slot %}",
        SLOT_TWICE,
        "{% attributes 7 %}",
    ],
)
def test_malformed_tags_do_not_compile(engine: Engine, source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        engine.from_string(source)


def test_problems_finds_bad_calls_without_rendering(engine: Engine) -> None:
    template = engine.from_string(
        '{% if never %}{% component "sample" kind="shy" %}{% component "gone" %}{% endif %}'
        '{% component name %}{% component "sample" label="fine" %}'
    )

    assert problems(template) == [
        "component 'sample': needs 'label'",
        "component 'sample': kind is 'shy'; it can be 'plain', 'loud'",
        "there is no component 'gone'",
    ]


def all_templates() -> list[str]:
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


def is_email(name: str) -> bool:
    """A domain app's templates are its emails, as are allauth's in `email`; all else is a page."""
    parts = Path(name).parts
    return parts[0] in EMAIL_FOLDERS or "email" in parts


def test_every_template_keeps_to_the_contracts() -> None:
    assert len(all_templates()) > 300
    found = {name: problems(get_template(name).template) for name in all_templates()}  # type: ignore[attr-defined]

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_no_page_has_inline_script_or_style() -> None:
    assert [
        (name, word)
        for name in all_templates()
        if not is_email(name)
        for word in ("style=", "<style", "onclick=", "<script>")
        if word in (TEMPLATES / name).read_text()
    ] == []


def test_every_component_declares_its_contract_and_says_what_it_is() -> None:
    for path in sorted((TEMPLATES / "components").glob("*.html")):
        contract_of(get_template(f"components/{path.name}").template)  # type: ignore[attr-defined]
        assert path.read_text().startswith(("{#", "{% comment %}")), path.name


def test_every_icon_is_drawn_and_every_drawing_can_be_used() -> None:
    template = get_template("components/icon.html").template  # type: ignore[attr-defined]
    drawn = [symbol.get("id") for symbol in ElementTree.parse(ICONS).iter(f"{SVG}symbol")]  # noqa: S314 - our own file

    assert list(contract_of(template).choices["name"]) == drawn


@pytest.mark.parametrize("code", [403, 404, 500])
def test_error_pages_need_no_request(code: int) -> None:
    assert "<h1>" in get_template(f"errors/{code}.html").render()


class OfferForm(forms.Form):
    name = forms.CharField(help_text="Members see this.")
    rate = forms.DecimalField(required=False)
    approval = forms.ChoiceField(
        choices=[("auto", "Automatic"), ("hand", "By hand")],
        widget=forms.RadioSelect,
        help_text="By hand: they wait.",
    )
    deep = forms.BooleanField(help_text="To any page.")
    token = forms.CharField(widget=forms.HiddenInput)


@pytest.mark.parametrize("data", [None, {"name": "", "rate": "x"}])
def test_a_field_is_described_by_notes_that_exist(data: dict[str, str] | None) -> None:
    form = OfferForm(data)
    source = "{% for field in form %}{% component 'field' field=field %}{% endfor %}"

    found = Ids(render_page(source, form=form))

    assert [name for name in found.described_by if name not in found.ids] == []
    assert len(found.ids) == len(set(found.ids))
    assert {"id_name_helptext", "id_approval_helptext"} <= set(found.described_by)
    assert ("id_name_error" in found.described_by) == (data is not None)


def test_a_field_marks_what_is_optional_and_frames_its_unit() -> None:
    html = render_page("{% component 'field' field=form.rate suffix='%' %}", form=OfferForm())

    assert "optional" in html
    assert '<div class="affixed"><input type="number" name="rate"' in html


def test_form_errors_link_to_the_fields_and_are_absent_without_errors() -> None:
    source = "{% component 'form_errors' form=form %}"

    assert render_page(source, form=OfferForm()) == ""
    assert '<a href="#id_name">Name</a>: This field is required.' in render_page(
        source, form=OfferForm({})
    )


def test_a_sort_link_keeps_the_address_turns_round_and_leaves_the_page() -> None:
    source = "{% component 'column' label='Sales' sort='sales' %}"

    unsorted = render_page(source, "/?q=mara&page=3")
    ascending = render_page(source, "/?q=mara&sort=sales")

    assert 'href="?q=mara&amp;sort=sales"' in unsorted
    assert "aria-sort" not in unsorted
    assert 'href="?q=mara&amp;sort=-sales"' in ascending
    assert 'aria-sort="ascending"' in ascending


def test_pagination_keeps_the_address_and_elides() -> None:
    page = Paginator(range(1240), 50).get_page(12)

    html = render_page("{% component 'pagination' page=page noun='members' %}", "/?q=a", page=page)

    assert "551\N{EN DASH}600 of 1,240 members" in html
    assert 'href="?q=a&amp;page=13"' in html
    assert html.count("…") == 2


def test_pagination_of_nothing_is_nothing() -> None:
    page = Paginator(list[int](), 50).get_page(1)

    assert render_page("{% component 'pagination' page=page %}", page=page) == ""


def test_a_drawer_with_an_action_is_one_form_with_its_token() -> None:
    html = render_page(
        '{% component_block "drawer" id="d" title="Email" action="/send" %}x{% end_component %}',
        csrf_token="t0ken",
    )

    assert '<form method="post" action="/send"' in html
    assert 'name="csrfmiddlewaretoken" value="t0ken"' in html
