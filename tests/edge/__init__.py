"""The redirect of tracking links."""
