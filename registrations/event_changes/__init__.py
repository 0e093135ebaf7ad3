"""Changing an event that people have registered for: what it would do, said before, and done as it was said."""
