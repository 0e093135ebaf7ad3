"""Tests of `tickets.documents`."""
