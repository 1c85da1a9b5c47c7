"""The variables that a template may use, and how they are read from text that people typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from core.text import one_line

Values = Mapping[str, str | None]
"""A variable's text: None does not apply (its line is left out), "" is missing (it blocks)."""

WORD_JOINER = "\N{WORD JOINER}"
UNSUBSCRIBE_LINK = "unsubscribe_link"  # the layout's own; no template may name it


@dataclass(frozen=True, slots=True)
class Variable:
    """`is_link` ones may be what a link leads to."""

    name: str
    label: str
    is_link: bool = False


VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable("first_name", "First name"),
        Variable("full_name", "Full name"),
        Variable("brand_name", "Brand"),
        Variable("offer_name", "Offer"),
        Variable("promo_code", "Promo code"),
        Variable("tracking_link", "Tracking link", is_link=True),
        Variable("dashboard_link", "Dashboard link", is_link=True),
        Variable("commission", "Commission, in a sentence"),
        Variable("sender_name", "Sender"),
    )
}

_BRACED = re.compile(r"\{\{([^{}]*)\}\}")
_SINGLE = re.compile(r"\{\s*(\w+)\s*(?:\|[^{}]*)?\}")
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ue000-\ue002\ufffe\uffff]")


class TemplateError(ValueError):
    """A template that can't be used. `variable` is what it named, `suggestion` what it may mean.

    `part` says where: "subject" or "body".
    """

    part = "body"

    def __init__(self, message: str, *, variable: str = "", suggestion: str = "") -> None:
        super().__init__(message)
        self.variable = variable
        self.suggestion = suggestion


def printable(text: str) -> str:
    """`text` without control characters and the characters that the renderer reserves."""
    return text if text.isprintable() else _UNSAFE.sub("", text)


def literal(text: str) -> str:
    """Escape braces in text that people wrote, so that it holds no variable."""
    return text.replace("{", f"{{{WORD_JOINER}").replace("}", f"}}{WORD_JOINER}")


def canonical(text: str) -> str:
    """`text` with each variable written `{{ name }}` or `{{ name | fallback }}`.

    Raises TemplateError for a name that is not on the list and for braces that don't match.
    """
    pieces: list[str] = []
    end = 0
    for match in _BRACED.finditer(text):
        pieces += [_literal(text[end : match.start()]), _variable(match[1])]
        end = match.end()
    return "".join([*pieces, _literal(text[end:])])


def link_variable(address: str) -> str | None:
    """The name when a link's whole address is one variable; None for an address without any.

    Raises TemplateError for every other use of braces in an address.
    """
    whole = _BRACED.fullmatch(address.strip())
    if whole is None:
        if "{{" in address or "}}" in address:
            raise TemplateError(
                f"The link address {address!r} mixes a variable with other text:"
                " a link is either an address or one variable, such as {{ dashboard_link }}."
            )
        return None
    name = whole[1].strip()
    _known(name)
    if not VARIABLES[name].is_link:
        raise TemplateError(f"{name} is not a link, so nothing can link to it.", variable=name)
    return name


def _literal(text: str) -> str:
    if "{{" in text:
        rest = one_line(text[text.index("{{") :])[:40]
        raise TemplateError(f"The brace opened at “{rest}” is never closed: close it with }}}}.")
    if "}}" in text:
        before = one_line(text[: text.index("}}") + 2])[-40:]
        raise TemplateError(f"The brace closed at “{before}” was never opened: open it with {{{{.")
    for match in _SINGLE.finditer(text):
        if match[1] in VARIABLES:
            raise TemplateError(
                f"“{match[0]}” has one brace on each side: write {{{{ {match[1]} }}}}.",
                variable=match[1],
                suggestion=match[1],
            )
    return text


def _variable(inside: str) -> str:
    name, bar, fallback = (part.strip() for part in inside.replace("\n", " ").partition("|"))
    _known(name)
    if not bar:
        return f"{{{{ {name} }}}}"
    if not fallback:
        raise TemplateError(
            f"{name} has a bar but no fallback after it: {{{{ {name} | something }}}}.",
            variable=name,
        )
    if "|" in fallback:
        raise TemplateError(f"{name} has more than one fallback.", variable=name)
    if VARIABLES[name].is_link:
        raise TemplateError(f"{name} is a link and takes no fallback.", variable=name)
    return f"{{{{ {name} | {' '.join(fallback.split())} }}}}"


def _known(name: str) -> None:
    if name in VARIABLES:
        return
    if not name:
        raise TemplateError("There is an empty variable: put a name between {{ and }}.")
    plain = re.sub(r"\W+", "_", name.lower()).strip("_")
    close = [plain] if plain in VARIABLES else get_close_matches(plain, VARIABLES, 1, cutoff=0.6)
    suggestion = f" Did you mean {close[0]}?" if close else ""
    raise TemplateError(
        f"There is no variable “{name[:60]}”.{suggestion}",
        variable=name,
        suggestion=close[0] if close else "",
    )
