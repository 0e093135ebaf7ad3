"""Tests of `registrations.timetable`."""
