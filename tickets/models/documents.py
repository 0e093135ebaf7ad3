"""Documents that workers make, and certificates."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event, Fest
from registrations.models import ClassListJob, Registration, School, Student, random_code
from techfest.core.db import processes
from tickets.querysets import RENDER_ATTEMPTS, DocumentJobQuerySet


class DocumentJob(models.Model):
    """A file that a user ordered and a worker makes in several attempts, with its progress; kept for a day.

    One without an event and a school is about many events, whose ids are in `options` as `events`.
    `code` names it in its URL, `made` of `total` is the progress, `is_blocked` says that the disk failed. `options`
    depend on the kind: tickets have `per_page` and the `filters` of the teacher's page (grade, section, event as a
    slug, state, mail, name), certificates have their `kind`, and for ranks `max_rank`.
    """

    class Kind(models.TextChoices):
        TICKETS = "tickets", _("tickets of a school")
        SCHOOL = "school", _("everything of a school")
        ATTENDANCE = "attendance", _("attendance sheet")
        BADGES = "badges", _("badges")
        CERTIFICATES = "certificates", _("certificates")
        ALL_TICKETS = "all_tickets", _("tickets by school")

    OF_SCHOOL = (Kind.TICKETS, Kind.SCHOOL)
    """The kinds about a school; the others are about an event."""

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+", verbose_name=_("fest"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    event = models.ForeignKey(
        Event, models.CASCADE, null=True, blank=True, related_name="documents", verbose_name=_("event")
    )
    school = models.ForeignKey(
        School, models.CASCADE, null=True, blank=True, related_name="documents", verbose_name=_("school")
    )
    class_list_job = models.OneToOneField(
        ClassListJob, models.CASCADE, null=True, editable=False, related_name="document"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("requested by")
    )
    options = models.JSONField(default=dict, editable=False)
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    claimed_by = models.CharField(
        max_length=processes.LENGTH, blank=True, default="", db_default="", editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    made = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    is_blocked = models.BooleanField(default=False, db_default=False, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)

    objects = DocumentJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="document_to_make", condition=Q(finished_at=None))
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["tickets", "school"], school__isnull=False)
                | ~Q(kind__in=["tickets", "school"]) & Q(school__isnull=True),
                name="document_is_about_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.event or self.school or self.fest}"

    @property
    def is_of_many(self) -> bool:
        """Whether it is about many events."""
        return self.event_id is None and self.school_id is None

    @property
    def has_given_up(self) -> bool:
        """Whether there will be no further attempt."""
        return self.finished_at is None and self.attempts >= RENDER_ATTEMPTS

    @property
    def is_ready(self) -> bool:
        return bool(self.finished_at and not self.error)

    @property
    def problem(self) -> str:
        """Why there is no file; empty as long as there is or may be one."""
        return self.error if self.finished_at or self.has_given_up else ""

    @property
    def is_pending(self) -> bool:
        return not self.is_ready and not self.problem


class Certificate(models.Model):
    """Certifies that a student took part in an event or reached a rank; the code verifies it."""

    class Kind(models.TextChoices):
        PARTICIPATION = "participation", _("participation")
        RANK = "rank", _("rank")

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="certificates", verbose_name=_("registration")
    )
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="certificates", verbose_name=_("student")
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices, editable=False)
    rank = models.PositiveSmallIntegerField(_("rank"), null=True, editable=False)
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    issued_at = models.DateTimeField(_("issued"), editable=False)
    revoked_at = models.DateTimeField(_("no longer valid since"), null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["registration", "student", "kind"],
                condition=Q(revoked_at=None),
                name="certificate_valid_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="rank", rank__isnull=False) | Q(kind="participation", rank=None),
                name="certificate_of_rank_has_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.registration}"
