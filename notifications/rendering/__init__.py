"""Render a template that staff edit into one person's mail. Pure: no database, clock or network.

Templates are data. Their only syntax is `{{ name | fallback }}` with a name of the allow-list;
there are no filters, tags or expressions, and a value is never read as a template. `prepare` does
once what is the same for all recipients; `render` fills in one person's values. A preview and the
mail that is sent are the same bytes.
"""

from notifications.rendering.fill import MissingValueError, Rendered, missing_values, render
from notifications.rendering.markup import html_of_text
from notifications.rendering.prepare import BrandStyle, Prepared, prepare
from notifications.rendering.variables import VARIABLES, TemplateError, Values, Variable, literal

__all__ = [
    "VARIABLES",
    "BrandStyle",
    "MissingValueError",
    "Prepared",
    "Rendered",
    "TemplateError",
    "Values",
    "Variable",
    "html_of_text",
    "literal",
    "missing_values",
    "prepare",
    "render",
]
