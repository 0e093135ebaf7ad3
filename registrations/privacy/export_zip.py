"""One person's everything as a ZIP: to be read by people, by programs, and with the tickets themselves."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format

from events.audit_log import record
from registrations.models import Student
from registrations.privacy.export import Part, parts_of
from techfest.core.db.clock import database_now


def build_export(student: Student, *, user: Any) -> bytes:
    """The ZIP, in the student's language and the fest's time; the trail says that it was taken, not what is in it."""
    with translation.override(student.language), timezone.override(student.fest.zone):
        content = _zipped(student, parts_of(student))
    record(student, what="data exported", now=database_now(), user=user)
    return content


def file_name(student: Student) -> str:
    """Without the name, which would stand in the list of somebody's downloads."""
    return f"data-{student.reference}.zip"


def _zipped(student: Student, parts: Sequence[Part]) -> bytes:
    data = {part.key: part.rows for part in parts}
    page = render_to_string(
        "registrations/data_of_one.html", {"student": student, "tables": tables_of(parts)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.html", page)
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2, default=_for_programs))
        for part in parts:
            for name, content in part.files.items():
                archive.writestr(name, content)
    return file.getvalue()


def tables_of(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """As a page shows them: titles once, cells row by row; a part without rows says so."""
    return [
        {
            "title": part.title,
            "heads": list(part.rows[0]) if part.rows else [],
            "rows": [[_for_people(value) for value in row.values()] for row in part.rows],
            "files": sorted(part.files),
        }
        for part in parts
    ]


def _for_programs(value: dt.datetime) -> str:
    return value.isoformat()


def _for_people(value: Any) -> Any:
    return date_format(value, "j M Y, H:i:s") if isinstance(value, dt.datetime) else value
