"""The forms of a class list: upload and confirmation."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Fest
from registrations.class_lists.drafts import Upload
from registrations.class_lists.parse import ParsedList, parse_sheet
from registrations.fields import offer
from registrations.forms import PlainForm, Sentences
from registrations.models import Submission
from registrations.spreadsheets.errors import TEXTS, FileRefused
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.sheet import MAX_BYTES, Sheet
from registrations.spreadsheets.writer import MIME_XLSX
from registrations.students.consents import teachers_text

_ACCEPT = f".csv,.xlsx,text/csv,{MIME_XLSX}"


class UploadForm(PlainForm):
    """A file or pasted rows, and the events of students whose row names none. Once valid, it can be `read`."""

    upload = forms.FileField(
        label=gettext_lazy("Class list"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": _ACCEPT}),
        help_text=gettext_lazy("CSV or XLSX, up to 1,000 students and 2 MB."),
    )
    # Not a CharField: the reader refuses bad characters with messages of its own.
    pasted = forms.Field(
        label=gettext_lazy("Or paste rows"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Copy them from the spreadsheet, with the row of titles."),
    )
    events_for_all = forms.MultipleChoiceField(
        label=gettext_lazy("Events for students whose row names none (optional)"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    parsed: ParsedList
    field_order = ("events_for_all", "upload", "pasted")

    def __init__(self, *args: Any, fest: Fest, events: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fest = fest
        offer(self, "events_for_all", events.items())

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
        for_all = self.cleaned_data.get("events_for_all", ())
        try:
            self.parsed = parse_sheet(self._sheet(), self.fest, events_for_all=for_all)
        except FileRefused as refusal:
            self.add_error(name, str(refusal.text))

    def _sheet(self) -> Sheet:
        upload = self.cleaned_data.get("upload")
        if upload is None:
            return read_paste(self.cleaned_data["pasted"])
        return read_file(upload.read(MAX_BYTES + 1))

    def read(self) -> Upload:
        """Return the upload of a valid form."""
        upload = self.cleaned_data.get("upload")
        if upload is None:
            data, title = self.cleaned_data["pasted"].encode("utf-8", "replace"), _("Pasted rows")
        else:
            upload.seek(0)
            data, title = upload.read(), upload.name
        for_all = tuple(self.cleaned_data["events_for_all"])
        return Upload(self.parsed, title, hashlib.sha256(data).digest(), for_all)


class ConfirmForm(PlainForm):
    """Which rows to register, what happens if an event is full, and the declaration of consent."""

    GOOD, ALL = "good", "all"

    how = forms.ChoiceField(
        label=gettext_lazy("How much of the list"),
        widget=Sentences,
        choices=[
            (GOOD, gettext_lazy("Register the good rows, keep the rest as a draft")),
            (ALL, gettext_lazy("All or none: if one row would be refused, register nothing")),
        ],
        initial=GOOD,
        error_messages={"required": gettext_lazy("Select how much of the list is registered")},
    )
    when_full = forms.ChoiceField(
        label=gettext_lazy("If an event is full"),
        widget=Sentences,
        choices=[
            ("wait", gettext_lazy("Put the others on the waiting list, in the order of the list")),
            ("refuse", gettext_lazy("No waiting list: register as many as fit")),
        ],
        initial="wait",
        error_messages={"required": gettext_lazy("Select what happens if an event is full")},
    )
    consent = forms.BooleanField(
        error_messages={
            "required": gettext_lazy(
                "Tick the box once the parents have agreed, or nothing can be registered"
            )
        }
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, fest: Fest, **kwargs: Any) -> None:
        self.consent_text = teachers_text(fest)
        initial = {"key": Submission.new_key(), "text": self.consent_text.pk}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["consent"].label = self.consent_text.text

    def clean_text(self) -> int:
        if self.cleaned_data["text"] != self.consent_text.pk:
            raise forms.ValidationError(
                _("The sentence about the parents has a new wording. Read it and tick it again.")
            )
        return self.consent_text.pk

    @property
    def choices(self) -> dict[str, Any]:
        """The keyword arguments of `confirm.confirm`."""
        key: uuid.UUID = self.cleaned_data["key"]
        return {
            "key": key,
            "consent_text": self.consent_text,
            "is_all_or_none": self.cleaned_data["how"] == self.ALL,
            "wants_waiting": self.cleaned_data["when_full"] == "wait",
        }
