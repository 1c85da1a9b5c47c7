"""Offers and their terms, enrollments, projects and dashboard links."""
