"""Changing events that have registrations: the impact is previewed, then applied exactly as previewed."""
