"""Everything that is kept of one person, part by part, for the person to read."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from registrations.booking.waitlist import with_number
from registrations.models import Change, ClassListRow, Conflict, Consent, MergedReference, Result, Student
from registrations.signals import student_data_requested

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the record: `key` names it in the JSON, `title` above it on paper; files come along whole."""

    key: str
    title: str
    rows: list[Row]
    files: dict[str, bytes] = field(default_factory=dict)


def parts_of(student: Student) -> list[Part]:
    """What this room keeps, then what the rooms above do; times are in the fest's zone."""
    answers: list[tuple[Any, Any]] = student_data_requested.send(sender=Student, student=student)
    return [*_own_parts(student), *(part for _receiver, parts in answers for part in parts)]


def local(moment: dt.datetime | None, student: Student) -> dt.datetime | str:
    """A time of the record, in the fest's zone and to the second; how it is written is the reader's business."""
    return moment.astimezone(student.fest.zone).replace(microsecond=0) if moment else ""


def _own_parts(student: Student) -> list[Part]:
    return [
        Part("person", _("Who you are"), [_person(student)]),
        Part("registrations", _("What you registered for"), _registrations(student)),
        Part("changes", _("What happened to it"), _changes(student)),
        Part("consents", _("What was agreed to"), _consents(student)),
        Part("class_lists", _("Rows of your teachers' lists"), _lists(student)),
        Part("conflicts", _("Where a change of plan put you in trouble"), _conflicts(student)),
        Part("results", _("Results"), _results(student)),
    ]


def _person(student: Student) -> Row:
    merged = MergedReference.objects.filter(student=student).order_by("reference")
    return {
        "reference": student.reference,
        "other references": ", ".join(merged.values_list("reference", flat=True)),
        "name": student.name,
        "school": student.school.name,
        "grade": student.grade,
        "section": student.section,
        "roll number": student.roll_number,
        "e-mail": student.email,
        "language": student.language,
        "fest": student.fest.name,
        "since": local(student.created_at, student),
    }


def _registrations(student: Student) -> list[Row]:
    rows = with_number(student.registrations.with_related()).order_by("created_at", "pk")
    return [
        {
            "event": row.event.name,
            "venue": row.event.venue.name,
            "starts": local(row.event.starts_at, student),
            "ends": local(row.event.ends_at, student),
            "state": str(row.get_state_display()),
            "rank on the waiting list": row.number or "",
            "registered": local(row.created_at, student),
        }
        for row in rows
    ]


def _changes(student: Student) -> list[Row]:
    rows = Change.objects.filter(registration__student=student).select_related("registration__event")
    return [
        {
            "at": local(row.at, student),
            "event": row.registration.event.name,
            "from": row.from_state,
            "to": row.to_state,
            "cause": str(row.get_cause_display()),
            "by": str(row.get_actor_display()),
            "corrected": ", ".join(row.fields),
            "reason": row.reason,
        }
        for row in rows.order_by("at", "pk")
    ]


def _consents(student: Student) -> list[Row]:
    rows = Consent.objects.filter(student=student).select_related("text", "user").order_by("at", "pk")
    return [
        {
            "at": local(row.at, student),
            "basis": str(row.get_basis_display()),
            "by": (row.user.get_full_name() or row.user.get_username()) if row.user else "",
            "version": row.text.version,
            "text": row.text.text,
        }
        for row in rows
    ]


def _lists(student: Student) -> list[Row]:
    rows = ClassListRow.objects.filter(student=student).select_related("class_list").order_by("pk")
    return [{"list": row.class_list.title, "row": row.number, "cells": " | ".join(row.cells)} for row in rows]


def _conflicts(student: Student) -> list[Row]:
    rows = Conflict.objects.filter(registration__student=student).select_related("registration__event")
    return [
        {
            "at": local(row.at, student),
            "event": row.registration.event.name,
            "what": str(row.get_kind_display()),
            "settled": local(row.resolved_at, student),
        }
        for row in rows.order_by("at", "pk")
    ]


def _results(student: Student) -> list[Row]:
    rows = Result.objects.filter(registration__student=student).select_related("registration__event")
    return [
        {
            "event": row.registration.event.name,
            "points": "" if row.points is None else str(row.points.normalize()),
            "rank": row.rank or "",
        }
        for row in rows.order_by("registration__event__starts_at", "pk")
    ]
