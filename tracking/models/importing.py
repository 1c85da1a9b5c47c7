"""What is remembered of the files that a brand imports."""

from __future__ import annotations

from django.db import models

from core.tenancy import TenantModel


class ColumnMapping(TenantModel):
    """Which column of the brand's files holds which of ours, as staff chose it last.

    `kind` is that of tracking.importing.entries. `columns` has the column of the file by our name
    of it, as `csv_rows.column_name` writes it; None where the file has one of our name that staff
    chose not to read. Older rows have "" where nothing was chosen, which says nothing.
    """

    kind = models.CharField(max_length=10)
    columns = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "kind"], name="tracking_mapping_once"),
        ]
