"""A teacher's class list: its rows, and what became of each of them."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event, Fest
from registrations.models.bookings import Refusal, Registration, Submission
from registrations.models.people import School, Student
from registrations.models.privacy import ConsentText
from techfest.core.db import processes
from techfest.core.link_keys import link_id_field

DRAFT_KEPT = dt.timedelta(days=7)
"""How long an untouched draft is kept."""


class ClassList(models.Model):
    """A draft, shared by all teachers of the school. Its registered rows stay as a record.

    `columns` holds from left to right how each column is read: [title, meaning, slug of the event it marks].
    `other_sheets` are the non-empty sheets of the workbook that were not read.
    """

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="class_lists")
    school = models.ForeignKey(School, models.CASCADE, related_name="class_lists")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200)
    digest = models.BinaryField(max_length=32, editable=False)
    columns = models.JSONField(default=list)
    events_for_all = ArrayField(models.CharField(max_length=80), default=list)
    encoding = models.CharField(max_length=20, blank=True)
    is_guess = models.BooleanField(default=False)
    sheet = models.CharField(max_length=200, blank=True)
    other_sheets = ArrayField(models.CharField(max_length=200), default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["school", "updated_at"], name="class_list_of_school")]

    def __str__(self) -> str:
        return self.title

    @property
    def kept_until(self) -> dt.datetime:
        return self.updated_at + DRAFT_KEPT


class ClassListJob(models.Model):
    """A confirmed list: a worker registers the rows of the job, in chunks or all at once.

    `key` is the idempotency key of the confirmation; `link_id` identifies the job in its URL. `claimed_at` is the
    lease of its worker; when it expires, another worker continues after the last finished row. `undone_at` is when a
    teacher took the whole list back.
    """

    class_list = models.ForeignKey(ClassList, models.CASCADE, related_name="jobs")
    key = models.UUIDField(unique=True, editable=False)
    link_id = link_id_field()
    is_all_or_none = models.BooleanField(default=False)
    wants_waiting = models.BooleanField(default=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    consent_text = models.ForeignKey(ConsentText, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    claimed_by = models.CharField(
        max_length=processes.LENGTH, blank=True, default="", db_default="", editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(undone_at=None) | models.Q(finished_at__isnull=False),
                name="class_list_job_undone_after_its_end",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"], name="class_list_job_due", condition=models.Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.class_list} {self.created_at:%Y-%m-%d %H:%M:%S}"


class ClassListRow(models.Model):
    """A row of the sheet. Its cells are what is read; a correction on the preview page is written into them.

    `left_out_reason` is why the row was left out when the file was read; empty if a teacher left it out. `key` is the
    idempotency key of the row's submission. It is set when the list is confirmed, so a resumed job uses
    the same one.
    """

    class_list = models.ForeignKey(ClassList, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    cells = ArrayField(models.TextField())
    is_left_out = models.BooleanField(default=False)
    left_out_reason = models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)
    job = models.ForeignKey(ClassListJob, models.SET_NULL, null=True, related_name="rows")
    key = models.UUIDField(null=True, editable=False)
    student = models.ForeignKey(Student, models.SET_NULL, null=True, related_name="+")
    submission = models.ForeignKey(Submission, models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["class_list", "number"], name="class_list_row_once")
        ]

    def __str__(self) -> str:
        return f"{self.class_list}, row {self.number}"

    def cell(self, position: int) -> str:
        """Return the text of a column; empty if the row is shorter."""
        return self.cells[position] if position < len(self.cells) else ""


class ClassListEntry(models.Model):
    """What one event of a row came to: a new registration, or a reason; "already" names the earlier registration.

    The entry outlives an erased registration. Rows of a failed all-or-none job only have entries for what was
    refused.
    """

    DOUBT = "doubt"
    FAILED = "failed"
    REASONS: ClassVar = [
        *Refusal.Reason.choices,
        (DOUBT, _("not clear who it is")),
        (FAILED, _("could not be done")),
    ]

    row = models.ForeignKey(ClassListRow, models.CASCADE, related_name="entries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    registration = models.ForeignKey(Registration, models.SET_NULL, null=True, related_name="+")
    is_new = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=REASONS, blank=True)
    other = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name_plural = _("class list entries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["row", "event"], name="class_list_entry_once")
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.event}"
