"""Seats held for a school, whose teacher names the students later."""
