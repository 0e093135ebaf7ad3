"""Signals of events."""

from django.dispatch import Signal

capacity_raised = Signal()
"""Sent in the transaction that raised a capacity, with `seats` (locked), `now` and `reserved` (a ReservedCapacity or
None)."""
