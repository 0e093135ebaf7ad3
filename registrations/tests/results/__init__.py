"""Tests of `registrations.results`."""
