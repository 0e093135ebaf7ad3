"""Tests of `tickets.pdf`."""
