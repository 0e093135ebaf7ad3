"""Fests, events and their seats. Nothing here knows of students or registrations."""

from events.models.audit import AuditEntry
from events.models.event import GRACE, CapacityChange, Event, Seats
from events.models.fest import GRADE_LIMITS, Category, Fest, Picture, Venue, is_time_zone, validate_time_zone

__all__ = [
    "GRACE",
    "GRADE_LIMITS",
    "AuditEntry",
    "CapacityChange",
    "Category",
    "Event",
    "Fest",
    "Picture",
    "Seats",
    "Venue",
    "is_time_zone",
    "validate_time_zone",
]
