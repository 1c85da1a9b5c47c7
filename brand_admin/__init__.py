"""The brand admin, for staff. One package per section of the navigation: forms → views → urls."""
