"""The audit log of a brand and the log `security`: who did what to which thing, and when."""
