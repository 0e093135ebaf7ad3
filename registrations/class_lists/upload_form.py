"""A class list as it is handed over: a file, or rows copied from a spreadsheet."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Fest
from registrations.class_lists.checking import CheckedList, checked
from registrations.class_lists.drafts import Upload
from registrations.fields import offer
from registrations.forms import PlainForm
from registrations.spreadsheets.errors import TEXTS, FileRefused
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.sheet import MAX_BYTES, Sheet
from registrations.spreadsheets.tables import MIME_XLSX

_ACCEPT = f".csv,.xlsx,text/csv,{MIME_XLSX}"


class UploadForm(PlainForm):
    """A file or pasted rows, and the events for students whose row names none. Once valid, it can be `read`."""

    upload = forms.FileField(
        label=gettext_lazy("Class list"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": _ACCEPT}),
        help_text=gettext_lazy("CSV or XLSX, up to 1,000 students and 2 MB."),
    )
    # Not a CharField: what is no text is refused by the reader, in its own words.
    pasted = forms.Field(
        label=gettext_lazy("Or paste rows"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Copy them from the spreadsheet, with the row of titles."),
    )
    events_for_all = forms.MultipleChoiceField(
        label=gettext_lazy("Events for every student without one of their own (optional)"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    found: CheckedList
    for_all: tuple[str, ...] = ()
    field_order = ("events_for_all", "upload", "pasted")

    def __init__(self, *args: Any, fest: Fest, events: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fest = fest
        offer(self, "events_for_all", events.items())

    def clean_events_for_all(self) -> list[str]:
        # Cleaned first, since the rows are judged with it.
        chosen: list[str] = self.cleaned_data["events_for_all"]
        self.for_all = tuple(chosen)
        return chosen

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        name = "upload" if cleaned.get("upload") is not None else "pasted"
        pasted = (cleaned.get("pasted") or "").strip()
        if name == "upload" and pasted:
            self.add_error("pasted", _("Upload a file or paste rows, not both"))
        elif name == "pasted" and not pasted:
            self.add_error("upload", TEXTS["missing"])
        else:
            self._check(name)
        return cleaned

    def _check(self, name: str) -> None:
        try:
            self.found = checked(self._sheet(), self.fest, events_for_all=self.for_all)
        except FileRefused as refusal:
            self.add_error(name, str(refusal.text))

    def _sheet(self) -> Sheet:
        upload = self.cleaned_data.get("upload")
        if upload is None:
            return read_paste(self.cleaned_data["pasted"])
        return read_file(upload.read(MAX_BYTES + 1))

    def read(self) -> Upload:
        """What was handed over; the form is valid."""
        upload = self.cleaned_data.get("upload")
        if upload is None:
            data, title = self.cleaned_data["pasted"].encode("utf-8", "replace"), _("Pasted rows")
        else:
            upload.seek(0)
            data, title = upload.read(), upload.name
        return Upload(self.found, title, hashlib.sha256(data).digest(), self.for_all)
