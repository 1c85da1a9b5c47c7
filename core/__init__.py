"""Shared by all packages: tenancy, money, jobs, database helpers, components. Nothing else."""
