"""Tests of `registrations.event_changes`."""
