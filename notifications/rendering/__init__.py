"""Turn a template that people edit into one person's mail. Pure: no database, no clock, no network.

Templates are data. The only thing in them that means anything is `{{ name | fallback }}` with a
name of the allow-list; there are no filters, tags or expressions, and a value is never read as a
template. `prepare` does everything that is the same for all recipients, once; `render` puts one
person's values in, so that a preview and the mail that is sent are the same bytes.
"""

from notifications.rendering.fill import MissingValueError, Rendered, missing_values, render
from notifications.rendering.prepare import Look, Prepared, prepare
from notifications.rendering.variables import VARIABLES, TemplateError, Values, Variable

__all__ = [
    "VARIABLES",
    "Look",
    "MissingValueError",
    "Prepared",
    "Rendered",
    "TemplateError",
    "Values",
    "Variable",
    "missing_values",
    "prepare",
    "render",
]
