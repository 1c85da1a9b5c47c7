"""All entries of the ledger have one of its kinds. Checking them blocks no writer."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payouts", "0003_write_offs")]

    operations = [ValidateConstraint(model_name="ledgerentry", name="payouts_entry_kind")]
