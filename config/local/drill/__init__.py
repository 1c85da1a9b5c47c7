"""The restore drill, `make drill`: prove that a backup of a live database is a whole one.

Dumps a database while orders are being recorded in it, restores the dump on a second server as a
role without privileges, and checks that the copy is what the original was at the moment of the
dump: every row, constraint, index, trigger and sequence, that the copy refuses what the original
refuses, and that `reconcile` finds no difference in it.
"""

from config.local.drill.drilling import DrillError, Report, drill

__all__ = ["DrillError", "Report", "drill"]
