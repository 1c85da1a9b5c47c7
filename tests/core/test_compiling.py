"""A compiled template writes what Django would, and resolves once what never changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.forms.renderers import DjangoTemplates as Plain
from django.http import QueryDict
from django.template import Context, Engine, RequestContext, TemplateSyntaxError
from django.template.exceptions import TemplateDoesNotExist
from django.test import RequestFactory
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from core.components import CompiledWidgets, ComponentError
from core.components.compiling import compile_nodes, writer
from core.components.expressions import Scope
from core.components.from_python import component, repeated_component
from core.languages import speaking
from tests.core.test_components import BUILTINS, TEMPLATES

pytestmark = pytest.mark.urls("tests.core.component_pages")
LIBRARIES = {
    "static": "django.templatetags.static",
    "l10n": "django.templatetags.l10n",
    "django_htmx": "django_htmx.templatetags.django_htmx",
}
LOADERS = [
    (
        "django.template.loaders.locmem.Loader",
        {
            "part.html": "<i>{{ name }}|{{ extra }}</i>",
            "sets.html": "{% firstof name as set %}{{ set }}",
            "frame.html": "{% compiled %}<h1>{% block title %}Tributary{% endblock %}</h1>"
            "{% block body %}<main>{% block content %}{% endblock %}</main>{% endblock %}",
            "inner.html": '{% extends "frame.html" %}{% block title %}{{ name }}{% endblock %}'
            "{% block content %}<p>{% block note %}none{% endblock %}</p>{% endblock %}",
            "page.html": '{% extends "inner.html" %}{% block note %}{{ name }} of'
            " {{ block.super }}{% endblock %}",
            "named.html": "{% extends frame %}{% block content %}{{ name }}{% endblock %}",
            "plain.html": "<p>{% block content %}{% endblock %}</p>",
            "last.html": '{% extends "plain.html" %}{% block content %}{{ name }}{% endblock %}',
            "other.html": '{% extends "frame.html" %}{% block content %}other{% endblock %}',
            "broken.html": '{% extends "frame.html" %}{% block content %}\n\n'
            "{% for row in rows %}{{ row|missing_key }}{% endfor %}{% endblock %}",
        },
    ),
    ("django.template.loaders.filesystem.Loader", [TEMPLATES]),
]


class Row:
    """What a page shows: attributes, methods, some that must not be called or found."""

    plain = "a & b"
    number = 1234567
    share = 12.5
    nothing = None
    day = date(2026, 11, 20)
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    html = mark_safe("<b>bold</b>")
    lazy = gettext_lazy("Copy")
    items = ("one", "<two>", "three")
    table = {"key": "value", "items": "by key"}
    called = 0

    def method(self) -> str:
        self.called += 1
        return f"called {self.called}"

    def with_argument(self, one: str) -> str:
        return one

    def delete(self) -> str:
        raise AssertionError("never called")

    delete.alters_data = True  # type: ignore[attr-defined]

    @property
    def silent(self) -> str:
        error = ValueError("gone")
        error.silent_variable_failure = True  # type: ignore[attr-defined]
        raise error

    def __str__(self) -> str:
        return "<Row>"


def values() -> dict[str, Any]:
    request = RequestFactory().get("/?q=a&page=2")
    return {
        "row": Row(), "name": "<Mara>", "rows": ["x", "<y>", 3], "none": None, "yes": True,
        "zero": 0, "pairs": [("a", 1), ("b", 2)], "safe": mark_safe("<i>"), "empty": [],
        "request": request, "csrf_token": "t0ken", "get": QueryDict("a=1"),
        "many": QueryDict("a=1&b=%26+2&a=3&d="), "nothing": QueryDict(""),
        "page": Paginator(["x"], 1).page(1), "templates": ["part.html", "sets.html"],
        "generated": (letter for letter in "ab"),
    }  # fmt: skip


def an_engine(*, debug: bool = False) -> Engine:
    return Engine(loaders=LOADERS, builtins=[*BUILTINS, "django.templatetags.i18n"],
                  libraries=LIBRARIES, debug=debug)  # fmt: skip


SOURCES = [
    "plain text",
    "{{ name }} {{ safe }} {{ row }} {{ row.plain }} {{ row.html }} {{ row.lazy }}",
    "{{ row.number }} {{ row.share }} {{ row.nothing }} {{ yes }} {{ zero }} {{ None }} {{ 7 }}",
    "{{ row.day }} {{ row.moment }} {{ row.moment|date:'H:i' }} {{ row.moment|moment }}",
    "{{ row.method }} {{ row.method }} {{ row.with_argument }} {{ row.delete }} {{ row.silent }}",
    "{{ row.items.1 }} {{ row.items.9 }} {{ row.table.key }} {{ row.table.items }} {{ row.gone }}",
    "{{ row.plain.upper }} {{ missing }} {{ missing.more }} {{ missing|default:'d' }}",
    "{{ name|upper }} {{ name|default:safe }} {{ safe|upper }} {{ name|add:'<' }}{{ name|length }}",
    "{{ 'text'|upper }} {{ '<literal>' }} {{ _('Copy') }} {{ name|linebreaksbr }}",
    "{{ rows|join:', ' }} {{ row.number|count }} {{ name|stringformat:'s' }}",
    "{% if name %}a{% elif zero %}b{% else %}c{% endif %}{% if zero %}a{% elif yes %}b{% endif %}",
    "{% if missing %}a{% else %}b{% endif %}{% if not missing.more %}c{% endif %}",
    "{% if zero or name and yes %}a{% endif %}{% if name == '<Mara>' %}b{% endif %}",
    "{% if row.number > 5 and row.number <= 9999999 %}a{% endif %}{% if name < zero %}b{% endif %}",
    "{% if 'x' in rows %}a{% endif %}{% if 'z' not in rows %}b{% endif %}",
    "{% if 'z' in zero %}c{% endif %}",
    "{% if none is None %}a{% endif %}{% if name is not None %}b{% endif %}",
    "{% if 1 != 2 %}c{% endif %}",
    "{% if missing == None %}a{% endif %}{% if name|length > 3 %}b{% endif %}",
    "{% if True %}a{% else %}b{% endif %}{% if 'x' == 'y' %}a{% else %}b{% endif %}",
    ("{% for one in rows %}{{ forloop.counter }}{{ forloop.revcounter0 }}{{ one }}"
    "{% if not forloop.last %}, {% endif %}{% endfor %}{{ one }}{{ forloop }}"),
    "{% for one in rows reversed %}{{ one }}{% endfor %}",
    "{% for one in missing %}{% empty %}e{% endfor %}",
    "{% for one in empty %}{{ one }}{% empty %}none of {{ name }}{% endfor %}",
    "{% for key, value in pairs %}{{ key }}={{ value }} {% endfor %}{{ key }}",
    ("{% for a in rows %}{% for b in rows %}{{ forloop.parentloop.counter }}{{ b }}{% endfor %}"
    "{% endfor %}"),
    "{% for one in generated %}{{ one }}{{ forloop.last }}{% endfor %}",
    "{% for one in rows %}{% firstof one as kept %}{{ kept }}{% endfor %}{{ kept }}",
    "{% with a=name b='text' %}{{ a }}{{ b }}{% if b == 'text' %}c{% endif %}{% endwith %}{{ a }}",
    "{% with b='first' %}{% with b=name %}{{ b }}{% endwith %}{{ b }}{% endwith %}",
    "{% with b='first' %}{% for b in rows %}{{ b }}{% endfor %}{{ b }}{% endwith %}",
    "{% with b='first' %}{% firstof name as b %}{{ b }}{% endwith %}",
    "{% with b='first' %}{% include 'part.html' with extra=b %}{% endwith %}",
    "{% include 'part.html' %}{% include 'part.html' with extra='<&>' only %}{% include part %}",
    ("{% include 'part.html' with name='literal' %}{% with set='old' %}{% include 'sets.html' %}"
    "{{ set }}{% endwith %}"),
    "{% translate 'Copy' %} {% translate 'Copy' as copy %}{{ copy }}",
    "{% firstof row.lazy name %}{% firstof missing row.lazy as kept %}{{ kept }}{{ row.lazy }}",
    "{% firstof missing zero safe name %}{% firstof missing %}{% firstof '' name as f %}{{ f }}",
    "{{ get.a }} {{ get.b }} {{ get.items }} {{ get.0 }} {{ page.number }} {{ page.gone }}",
    "{{ row.table.gone }} {{ row.table.keys }} {{ row.table.0 }} {{ name|add:row.plain }}",
    "{% for one in templates %}{% include one with extra='<x>' %}{% endfor %}",
    "{% querystring get page=None %} {% querystring get a=name as there %}{{ there }}",
    "100 % {{ name }} %s %(x)s {{ row.plain }}",
    "{% translate name %} {% translate '5 %%' %} {% translate 'Pending' context name %}",
    "{% translate 'Pending' context 'sale' %}{% translate 'Pending' context 'sale' as p %}{{ p }}",
    "{% blocktranslate %}Copy {{ name }}{% endblocktranslate %}",
    "{% blocktranslate with label=row.plain %}{{ label }} copied{% endblocktranslate %}",
    "{% blocktranslate with label='code' %}{{ label }} copied{% endblocktranslate %} {{ label }}",
    "{% blocktranslate %}100 % of {{ missing }}{% endblocktranslate %}",
    ("{% blocktranslate count n=row.number %}one{% plural %}{{ n }} of {{ name }}"
    "{% endblocktranslate %}"),
    "{% load static %}{% static 'icons.svg' %} {% static 'icons.svg' as icons %}{{ icons }}",
    "{% comment %}{{ name }}{% endcomment %}{% csrf_token %}{% querystring get page=3 %}",
    ("{% url 'assets:accent' 'aabbcc' %} {% url 'assets:accent' colour='aabbcc' as there %}"
    "{{ there }}{% url 'gone' as no %}{{ no }}"),
    "{% spoken_language %}{% time_zone_name as zone %}{{ zone }}",
    "{% querystring get a=rows b='ä &' %} {% querystring get a=None %} {% querystring nothing %}",
    "{% querystring many %} {% querystring many a=7 %} {% querystring many c=yes a=empty %}",
    "{% with csrf_token=name %}{% csrf_token %}{% endwith %}",
    "{% load django_htmx %}{% htmx_script %}",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de", "es-mx"])
@pytest.mark.parametrize("source", SOURCES)
def test_a_compiled_template_writes_what_django_does(source: str, language: str) -> None:
    template = an_engine().from_string(source)

    def rendered(write: Any) -> str:
        context = Context(values() | {"part": "part.html"})
        with context.bind_template(template), context.render_context.push_state(template):
            depth = len(context.dicts)
            text = str(write(context))
            assert len(context.dicts) == depth
        return text

    with speaking(language):
        compiled = writer(compile_nodes(template.nodelist, Scope(template)))
        assert rendered(compiled) == rendered(template.nodelist.render)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{% component "badge" label="New" tone="good" %}', '<span class="badge badge-good">New'),
        ('{% component "icon" name="copy" %}', '<svg class="icon"'),
        ('{% component "button" label="Save" icon="check" data-x="1" %}', '<button class="button'),
        ('{% component_block "card" title="Terms" %}<p>x</p>{% end_component %}', "<section"),
        ("{% for b in rows %}{% endfor %}{% if 1 == 2 %}a{% endif %}{% translate 'Copy' %}", None),
    ],
)
def test_what_never_changes_is_a_text(source: str, text: str | None) -> None:
    template = an_engine().from_string(source)

    pieces = compile_nodes(template.nodelist, Scope(template))

    assert isinstance(pieces, str) == (text is not None)
    if text is not None:
        assert str(pieces).startswith(text)


def test_a_literal_that_the_contract_refuses_is_refused_where_it_is_rendered() -> None:
    template = an_engine().from_string(
        '{% if yes %}{% component "badge" label="x" tone="loud" %}{% endif %}'
    )

    assert template.render(Context({"yes": False})) == ""
    with pytest.raises(ComponentError, match="tone is 'loud'"):
        template.render(Context({"yes": True}))


def test_a_value_that_the_contract_refuses_is_refused_each_time() -> None:
    template = an_engine().from_string('{% component "badge" label="x" tone=tone %}')

    for tone in ("good", None, "bad"):
        assert template.render(Context({"tone": tone})).endswith(">x</span>")
    for _ in range(2):
        with pytest.raises(ComponentError, match="tone is 'loud'"):
            template.render(Context({"tone": "loud"}))


def test_a_call_is_compiled_for_each_language() -> None:
    template = an_engine().from_string(
        '{% component "copy_field" label="Code" value=name %}{% component "select_all" %}'
    )

    found = {}
    for language in ("en", "de", "en"):
        with speaking(language):
            found[language] = template.render(Context({"name": "MARA"}))

    assert "Copy" in found["en"]
    assert "Kopieren" in found["de"]


def test_a_page_is_compiled_with_its_own_blocks() -> None:
    engine = an_engine()
    context = {"name": "<Mara>"}

    for _ in range(2):
        assert engine.get_template("page.html").render(Context(context)) == (
            "<h1>&lt;Mara&gt;</h1><main><p>&lt;Mara&gt; of none</p></main>"
        )
        assert engine.get_template("other.html").render(Context(context)) == (
            "<h1>Tributary</h1><main>other</main>"
        )
        assert engine.get_template("frame.html").render(Context(context)) == (
            "<h1>Tributary</h1><main></main>"
        )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("named.html", "<h1>Tributary</h1><main>&lt;Mara&gt;</main>"),
        ("last.html", "<p>&lt;Mara&gt;</p>"),
    ],
)
def test_a_page_with_a_varying_or_a_plain_frame_is_rendered_by_django(name: str, text: str) -> None:
    page = an_engine().get_template(name)

    for _ in range(2):
        assert page.render(Context({"name": "<Mara>", "frame": "frame.html"})) == text


def test_a_page_follows_the_frame_that_it_names() -> None:
    page = an_engine().get_template("named.html")

    assert page.render(Context({"name": "M", "frame": "plain.html"})) == "<p>M</p>"
    assert page.render(Context({"name": "M", "frame": "frame.html"})).endswith("<main>M</main>")


def test_the_address_of_the_page_is_kept_where_no_other_is_given() -> None:
    page = an_engine().from_string("{% querystring page=3 %} {% querystring page=None %}")
    compiled = writer(compile_nodes(page.nodelist, Scope(page)))
    request = RequestFactory().get("/?q=a&page=2")

    assert compiled(RequestContext(request)) == "?q=a&amp;page=3 ?q=a"


def test_what_a_component_sets_stays_inside() -> None:
    template = an_engine().from_string('{% component "column" label=name sort="a" %}|{{ order }}')

    assert template.render(Context(values())).endswith("</th>|")


def test_an_error_says_which_line_it_came_from() -> None:
    template = an_engine(debug=True).from_string(
        "\n\n{% component_block 'card' %}\n{% for a, b in rows %}{% endfor %}{% end_component %}"
    )

    with pytest.raises(ValueError, match="Need 2 values to unpack in for loop; got 1") as raised:
        template.render(Context({"rows": ["x"]}))

    assert raised.value.template_debug["line"] == 4  # type: ignore[attr-defined]


def test_an_include_that_is_not_there_fails_only_where_it_is_rendered() -> None:
    template = an_engine().from_string(
        "{% component_block 'card' %}{% if yes %}{% include 'gone.html' %}{% endif %}"
        "{% end_component %}"
    )

    assert "<section" in template.render(Context({"yes": False}))
    with pytest.raises((TemplateDoesNotExist, TemplateSyntaxError)):
        template.render(Context({"yes": True}))


def test_a_widget_of_a_form_is_what_django_renders() -> None:
    class Form(forms.Form):
        kind = forms.ChoiceField(
            choices=[("", "All"), ("Group", [("a", "A & <b>"), ("b", "B")])],
            widget=forms.Select(attrs={"data-x": "1", "hidden": True, "none": False}),
        )
        colours = forms.MultipleChoiceField(
            choices=[("r", "Red"), ("g", "<Green>")], widget=forms.CheckboxSelectMultiple
        )
        number = forms.IntegerField(initial=1234567)
        text = forms.CharField(widget=forms.Textarea)

    given = {"kind": "b", "colours": ["g"], "number": "12", "text": "</textarea>"}
    for data in (None, given, {}):
        compiled, plain = Form(data, renderer=CompiledWidgets()), Form(data, renderer=Plain())
        for field, other in zip(compiled, plain, strict=True):
            assert str(field) == str(other)
            assert str(field.errors) == str(other.errors)
            assert field.label_tag() == other.label_tag()


def test_a_field_of_a_form_is_read_as_django_reads_it() -> None:
    class Form(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)

    source = (
        "{{ field.label }} {{ field.errors }} {{ field.0 }}"
        " {{ field.1.choice_label }} {{ field.9 }}"
        "{{ field.gone }} {{ field.field.required }} {{ field.as_hidden }} {{ form.kind.name }}"
        "{% for option in field %}{{ option.tag }}{% endfor %}"
    )
    page = an_engine().from_string(source)
    form = Form({"kind": "c"})
    compiled = writer(compile_nodes(page.nodelist, Scope(page)))

    def rendered(write: Any) -> str:
        context = Context({"field": form["kind"], "form": form})
        with context.bind_template(page), context.render_context.push_state(page):
            return str(write(context))

    assert rendered(compiled) == rendered(page.nodelist.render)
    assert 'value="b"' in rendered(compiled)


def test_a_component_written_by_python_is_held_to_its_contract() -> None:
    assert component("badge", label="<New>", tone=None) == (
        '<span class="badge badge-neutral">&lt;New&gt;</span>'
    )
    for wrong in (
        {"label": "x", "tone": "loud"},
        {"tone": "good"},
        {"label": None},
        {"label": "x", "gone": 1},
        {"label": "x", "data-x": "1"},
    ):
        with pytest.raises(ComponentError):
            component("badge", **wrong)
    with pytest.raises(ComponentError, match="from Python"):
        component("chip", label="x", **{"data-x": "1"})


def test_a_repeated_component_is_written_once_for_each_language() -> None:
    assert repeated_component("badge", "en", label="A") is repeated_component(
        "badge", "en", label="A"
    )
    assert repeated_component("badge", "en", label="B") != repeated_component(
        "badge", "en", label="A"
    )
