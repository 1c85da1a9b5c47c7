"""Who gets which mail about Sales Tracking, what it says, and how far each member has come."""
