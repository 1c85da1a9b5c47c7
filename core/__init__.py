"""What every other package stands on: tenancy, money, jobs, db, components. A closed list."""
