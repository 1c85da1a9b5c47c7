"""The recipients and texts of mails about Sales Tracking, and each member's step."""
