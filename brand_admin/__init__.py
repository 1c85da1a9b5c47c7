"""What brand staff use. A room per section of the navigation, each forms → views → urls."""
