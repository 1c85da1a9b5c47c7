"""Give a brand hostile text in every column that people, shops or files can fill."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from accounts.models import Brand
from core.tenancy import TenantModel

# These hold words of the product, digests, what is encrypted, and references from row to row.
WORDS_OF_THE_PRODUCT = frozenset(
    {
        "about", "action", "click_id", "content_type", "currency", "digest", "error", "filename",
        "image", "kind", "prefix", "provider", "provider_id", "recipient", "sealed_credentials",
        "sealed_former_secret", "sealed_secret", "slug", "source", "target", "unattributed", "why",
    }
)  # fmt: skip
# Stored as staff confirmed or saved it, and read by the renderer of mails.
TEMPLATES = frozenset({"body", "html", "subject", "text", "utm_template", "code_pattern"})
LEFT_ALONE = WORDS_OF_THE_PRODUCT | TEMPLATES
FIXED = frozenset({"integrations.connection.store"})  # never changes; its secrets open for it alone


def text_columns() -> Iterator[tuple[type[models.Model], models.Field[object, object]]]:
    """Every column of a brand's rows that holds free text; a new one is in it by itself."""
    for model in apps.get_models():
        if issubclass(model, TenantModel) and not model._meta.proxy:
            for field in model._meta.concrete_fields:
                is_text = isinstance(field, (models.CharField, models.TextField))
                is_fixed = f"{model._meta.label_lower}.{field.name}" in FIXED
                if is_text and not field.choices and field.name not in LEFT_ALONE and not is_fixed:
                    yield model, field


def fill_with(text: str, *, brand: Brand) -> int:
    """Write `text`, and the row's id after it, into these columns of all rows of the brand.

    Past the triggers, so that append-only rows have it too. Returns how many columns were filled.
    """
    filled = 0
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model, field in text_columns():
            table = connection.ops.quote_name(model._meta.db_table)
            column = connection.ops.quote_name(str(field.column))
            length = field.max_length or 1_000
            try:
                with transaction.atomic():
                    cursor.execute(
                        f"UPDATE {table} SET {column} = left(%s, {length:d} - 6) || id"  # noqa: S608
                        " WHERE brand_id = %s",
                        [text, brand.pk],
                    )
            except IntegrityError:  # a check or a unique name holds against it
                continue
            filled += cursor.rowcount > 0
        cursor.execute("SET session_replication_role = DEFAULT")
    return filled
