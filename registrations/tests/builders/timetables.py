"""An exported timetable opened in a spreadsheet program, and the form of its preview."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from events.models import Event
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.writer import xlsx_table

PAGE, EXPORT, APPLY = "admin:timetable", "admin:timetable_export", "admin:timetable_apply"


class File:
    """An exported timetable opened in a spreadsheet program."""

    def __init__(self, client: Client) -> None:
        self.client = client
        sheet = read_file(client.get(reverse(EXPORT)).content)
        self.titles = list(sheet.rows[0].cells)
        self.rows = [[row.cell(at) for at in range(len(self.titles))] for row in sheet.rows[1:]]

    def put(self, event: Event, **values: str) -> "File":
        row = next(row for row in self.rows if row[0].lstrip("'") == event.name)
        return self._put(row, values)

    def add(self, **values: str) -> "File":
        self.rows.append([""] * len(self.titles))
        return self._put(self.rows[-1], values)

    def _put(self, row: list[str], values: dict[str, str]) -> "File":
        for title, value in values.items():
            row[self.titles.index(title)] = value
        return self

    def upload(self, **values: str) -> Any:
        file = SimpleUploadedFile("t.xlsx", xlsx_table(self.titles, self.rows))
        return self.client.post(reverse(PAGE), {"file": file} | values)

    def apply(self, **values: str) -> Any:
        return post_form(self.client, self.upload(), **values)


def post_form(client: Client, preview: Any, **values: str) -> Any:
    context = preview.context
    given = {"plan": context["dumped"], "seen": context["seen"]} | values
    return client.post(reverse(APPLY), given, follow=True)
