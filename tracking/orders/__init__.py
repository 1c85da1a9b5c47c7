"""Orders and refunds come in here: read, attributed to a member, recorded once, looked up."""
