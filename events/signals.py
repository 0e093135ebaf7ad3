"""What the rooms above may hear of events."""

from django.dispatch import Signal

capacity_raised = Signal()
"""Sent with `seats` (locked), `now` and `reserved` (a ReservedCapacity or nothing) inside the transaction that raised a
capacity."""
