"""The desk's pages of events and of whoever comes to them."""

from registrations.admin import blocks, consents, events, records, registrations, schools, students, teachers

__all__ = ["blocks", "consents", "events", "records", "registrations", "schools", "students", "teachers"]
