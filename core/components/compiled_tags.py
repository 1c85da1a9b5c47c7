"""Tags of Django that write a text, turned into functions: translations, addresses, `firstof`.

htmx's tag is among them, because it writes the same on every page.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from django.http import QueryDict
from django.template import Context
from django.template.defaulttags import CsrfTokenNode, FirstOfNode, URLNode, querystring
from django.template.library import SimpleNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django_htmx.templatetags.django_htmx import htmx_script

from core.components.compiling import COMPILERS, Piece, by_django
from core.components.expressions import (
    Constant,
    Scope,
    compile_expression,
    is_constant,
    read_of,
    shown,
)
from core.components.page_urls import page_url

NO_TOKENS = ("", "NOTPROVIDED")  # Django decides what stands in their place


def _translate(node: TranslateNode, scope: Scope) -> Piece:
    named = [node.filter_expression, *([node.message_context] if node.message_context else [])]
    if not all(is_constant(expression, scope) for expression in named):
        return by_django(node)
    kept_as = node.asvar
    if not kept_as:
        return str(node.render(scope.context()))
    context_then = scope.context()
    node.render(context_then)
    translated = context_then[kept_as]

    def keep(context: Context) -> str:
        context[kept_as] = translated
        return ""

    return keep


def _simple(node: SimpleNode, scope: Scope) -> Piece:
    """A tag that a function writes (`@register.simple_tag`), with its arguments read here."""
    if node.func is htmx_script:
        return str(node.render(scope.context()))
    function, takes_context, kept_as = node.func, node.takes_context, node.target_var
    if function is querystring:
        function = _query_string
    args = [read_of(compile_expression(value, scope)) for value in node.args]
    kwargs = {key: read_of(compile_expression(value, scope)) for key, value in node.kwargs.items()}

    def render(context: Context) -> str:
        given = [read(context) for read in args]
        if takes_context:
            given.insert(0, context)
        written = function(*given, **{key: read(context) for key, read in kwargs.items()})
        if kept_as is None:
            return str(conditional_escape(written))
        context[kept_as] = written
        return ""

    return render


def _query_string(context: Context, query: QueryDict | None = None, **changes: object) -> str:
    """What Django's `querystring` writes, without copying a QueryDict."""
    if query is None:
        query = context.request.GET  # type: ignore[attr-defined]
    values = dict(query.lists())
    for key, value in changes.items():
        if value is None:
            values.pop(key, None)
        elif isinstance(value, Iterable) and not isinstance(value, str):
            values[key] = list(value)
        else:
            values[key] = [value]
    if not values and not query:
        return ""
    pairs = [(key, str(value)) for key, many in values.items() for value in many]
    return f"?{urlencode(pairs, encoding=query.encoding)}"


def _csrf_token(node: CsrfTokenNode, scope: Scope) -> Piece:
    def render(context: Context) -> str:
        token = str(context.get("csrf_token") or "")
        if token in NO_TOKENS:
            return str(node.render(context))
        return f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'

    return render


def _first_of(node: FirstOfNode, scope: Scope) -> Piece:
    readers = [read_of(compile_expression(value, scope, missing=None)) for value in node.vars]
    kept_as = node.asvar

    def render(context: Context) -> str:
        text = SafeString("")
        for read in readers:
            found = read(context)
            if isinstance(found, Promise):
                found = str(found)  # translated once, and not for each question
            if found:
                text = SafeString(shown(found, context))
                break
        if kept_as is None:
            return text
        context[kept_as] = text
        return ""

    return render


def _block_translate(node: BlockTranslateNode, scope: Scope) -> Piece:
    if node.plural or node.message_context or node.asvar:
        return by_django(node)
    singular, names = node.render_token_list(node.singular)
    values = {
        key: compile_expression(expression, scope) for key, expression in node.extra_context.items()
    }
    known = {**{key: Constant(value) for key, value in scope.constants.items()}, **values}
    if all(isinstance(known.get(name), Constant) for name in names):
        return str(node.render(scope.context()))
    message = gettext(singular)
    readers = [(name, read_of(values[name])) for name in names if name in values]
    others = [name for name in names if name not in values]

    def render(context: Context) -> str:
        texts = {name: shown(read(context), context) for name, read in readers}
        for name in others:
            texts[name] = shown(context.get(name, ""), context)
        try:
            return message % texts
        except (KeyError, ValueError):  # the translation is broken: Django shows the source
            return str(node.render(context))

    return render


def _static(node: StaticNode, scope: Scope) -> Piece:
    if node.varname is not None or not is_constant(node.path, scope):
        return by_django(node)
    return str(node.render(scope.context()))


def _url(node: URLNode, scope: Scope) -> Piece:
    name = compile_expression(node.view_name, scope)
    if not isinstance(name, Constant):
        return by_django(node)
    args = [read_of(compile_expression(value, scope)) for value in node.args]
    kwargs = {key: read_of(compile_expression(value, scope)) for key, value in node.kwargs.items()}

    def address(context: Context) -> str:
        return page_url(
            name.value,
            [read(context) for read in args],
            {key: read(context) for key, read in kwargs.items()},
        )

    kept_as = node.asvar
    if kept_as is None:
        return lambda context: escape(address(context))

    def keep(context: Context) -> str:
        try:
            context[kept_as] = address(context)
        except NoReverseMatch:
            context[kept_as] = ""
        return ""

    return keep


COMPILERS.update(
    {
        CsrfTokenNode: _csrf_token,
        FirstOfNode: _first_of,
        SimpleNode: _simple,
        TranslateNode: _translate,
        BlockTranslateNode: _block_translate,
        StaticNode: _static,
        URLNode: _url,
    }
)
