"""What staff should look at: the rules of flags, their checks, decisions, and leaked codes."""
