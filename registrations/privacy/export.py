"""Export everything that is stored about one student, as tables and as a ZIP."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from registrations.booking.waitlist import with_number
from registrations.models import (
    Answer,
    Change,
    ClassListRow,
    Conflict,
    Consent,
    MergedReference,
    Result,
    Student,
)
from registrations.questions.fields import shown
from registrations.signals import student_data_requested
from registrations.students.fields import STUDENT_FIELDS
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.formatting import recorded_moment

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One table of the export. `key` names it in the JSON file, `title` on the page; `files` are added unchanged."""

    key: str
    title: str
    rows: list[Row]
    files: dict[str, bytes] = field(default_factory=dict)


def export_tables(student: Student) -> list[ExportTable]:
    """Return the tables of this app, then those of the apps above; times are in the fest's time zone."""
    answers: list[tuple[Any, Any]] = student_data_requested.send(sender=Student, student=student)
    return [*_own_tables(student), *(part for _receiver, parts in answers for part in parts)]


def local_time(moment: dt.datetime | None, student: Student) -> dt.datetime | str:
    """Return the time in the fest's time zone, to the second, or an empty string."""
    return moment.astimezone(student.fest.zone).replace(microsecond=0) if moment else ""


def _own_tables(student: Student) -> list[ExportTable]:
    return [
        ExportTable("person", _("Who you are"), [_person(student)]),
        ExportTable("registrations", _("What you registered for"), _registrations(student)),
        ExportTable("changes", _("Changes of your registrations"), _changes(student)),
        ExportTable("answers", _("Your answers to questions"), _answers(student)),
        ExportTable("consents", _("Consents"), _consents(student)),
        ExportTable("class_lists", _("Rows of your teachers’ class lists"), _lists(student)),
        ExportTable("conflicts", _("Conflicts after changes of events"), _conflicts(student)),
        ExportTable("results", _("Results"), _results(student)),
    ]


def _person(student: Student) -> Row:
    merged = MergedReference.objects.filter(student=student).order_by("reference")
    labels = {one.name: str(one.verbose_name) for one in Student._meta.concrete_fields}
    return {
        "reference": student.reference,
        "other references": ", ".join(merged.values_list("reference", flat=True)),
        "school": student.school.name,
        **{labels[name]: getattr(student, name) for name in STUDENT_FIELDS},
        "language": student.language,
        "fest": student.fest.name,
        "since": local_time(student.created_at, student),
    }


def _registrations(student: Student) -> list[Row]:
    rows = with_number(student.registrations.with_related()).order_by("created_at", "pk")
    return [
        {
            "event": row.event.name,
            "venue": row.event.venue.name,
            "starts": local_time(row.event.starts_at, student),
            "ends": local_time(row.event.ends_at, student),
            "state": str(row.get_state_display()),
            "rank on the waiting list": row.number or "",
            "registered": local_time(row.created_at, student),
        }
        for row in rows
    ]


def _changes(student: Student) -> list[Row]:
    rows = Change.objects.filter(registration__student=student).select_related("registration__event")
    return [
        {
            "at": local_time(row.at, student),
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
            "at": local_time(row.at, student),
            "basis": str(row.get_basis_display()),
            "by": (row.user.get_full_name() or row.user.get_username()) if row.user else "",
            "version": row.text.version,
            "text": row.text.text,
        }
        for row in rows
    ]


def _answers(student: Student) -> list[Row]:
    rows = Answer.objects.filter(student=student).select_related("question__event")
    return [
        {
            "question": row.question.text,
            "event": row.question.event.name if row.question.event else "",
            "answer": shown(row.question, row.value),
            "answered": local_time(row.answered_at, student),
            "purpose": row.question.purpose,
        }
        for row in rows.order_by("question__event", "question__position", "question")
    ]


def _lists(student: Student) -> list[Row]:
    rows = ClassListRow.objects.filter(student=student).select_related("class_list").order_by("pk")
    return [{"list": row.class_list.title, "row": row.number, "cells": " | ".join(row.cells)} for row in rows]


def _conflicts(student: Student) -> list[Row]:
    rows = Conflict.objects.filter(registration__student=student).select_related("registration__event")
    return [
        {
            "at": local_time(row.at, student),
            "event": row.registration.event.name,
            "what": str(row.get_kind_display()),
            "resolved": local_time(row.resolved_at, student),
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


def build_export(student: Student, *, user: Any) -> bytes:
    """Return the ZIP in the student's language and the fest's time zone. The audit log records that it was made."""
    with translation.override(student.language), timezone.override(student.fest.zone):
        content = _zipped(student, export_tables(student))
    record(student, what="data exported", now=database_now(), user=user)
    return content


def file_name(student: Student) -> str:
    """Return a file name without the student's name, which would stay in a list of downloads."""
    return f"data-{student.reference}.zip"


def _zipped(student: Student, parts: Sequence[ExportTable]) -> bytes:
    data = {part.key: part.rows for part in parts}
    page = render_to_string(
        "registrations/data_of_one.html", {"student": student, "tables": template_tables(parts)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.html", page)
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2, default=_for_json))
        for part in parts:
            for name, content in part.files.items():
                archive.writestr(name, content)
    return file.getvalue()


def template_tables(parts: Sequence[ExportTable]) -> list[dict[str, Any]]:
    """Return the tables for a template: titles once, cells row by row."""
    return [
        {
            "title": part.title,
            "heads": list(part.rows[0]) if part.rows else [],
            "rows": [[_for_page(value) for value in row.values()] for row in part.rows],
            "files": sorted(part.files),
        }
        for part in parts
    ]


def _for_json(value: dt.datetime) -> str:
    return value.isoformat()


def _for_page(value: Any) -> Any:
    return recorded_moment(value) if isinstance(value, dt.datetime) else value
