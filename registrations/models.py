"""Who comes: schools, students, and their claims on events."""

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import GRADE_LIMITS, Event, Fest
from registrations.naming import email_key, label_key, name_key, random_reference, school_key
from registrations.querysets import RegistrationQuerySet, SchoolQuerySet, StudentQuerySet


class School(models.Model):
    """A school; it outlives a fest. A name that nobody knew yet is pending until an organiser has looked."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        ACCEPTED = "accepted", _("accepted")

    name = models.CharField(_("name"), max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = SchoolQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.key = school_key(self.name)


class SchoolAlias(models.Model):
    """Another spelling of a school's name."""

    school = models.ForeignKey(School, models.CASCADE, related_name="aliases", verbose_name=_("school"))
    name = models.CharField(_("name"), max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)

    class Meta:
        verbose_name_plural = _("school aliases")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.key = school_key(self.name)


class ConsentText(models.Model):
    """One version of the sentence that is agreed to. Never edited: a new wording is a new version."""

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="consent_texts", verbose_name=_("fest"))
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "version"], name="consent_text_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.fest}, version {self.version}"


class Student(models.Model):
    """A person of a school, in one fest. The e-mail never identifies: siblings share one, many have none."""

    fest = models.ForeignKey(Fest, models.PROTECT, related_name="students", verbose_name=_("fest"))
    school = models.ForeignKey(School, models.PROTECT, related_name="students", verbose_name=_("school"))
    grade = models.PositiveSmallIntegerField(_("grade"), validators=GRADE_LIMITS)
    section = models.CharField(_("section"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=400, editable=False)
    roll_number = models.CharField(_("roll number"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    reference = models.CharField(_("reference"), max_length=7, unique=True, default=random_reference)
    link_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = StudentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fest", "school", "grade", "name_key", "section", "roll_number"],
                name="student_once_a_fest",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["email_key"], name="student_email", condition=~Q(email_key=""))
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.set_keys()

    def set_keys(self) -> None:
        """Derives what is compared from what was typed."""
        self.name_key = name_key(self.name)
        self.email_key = email_key(self.email)
        self.section = label_key(self.section)
        self.roll_number = label_key(self.roll_number)


class Submission(models.Model):
    """One pressed button that obtained something. Whoever presses it again gets the same answer."""

    key = models.UUIDField(unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    student = models.ForeignKey(Student, models.CASCADE, related_name="submissions")
    created_student = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.student} {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def shows_my_link(self) -> bool:
        """Only the press that created the student, and never after a new address has killed the links.

        A browser that kept the form may send it again at any time and is shown its answer anew.
        """
        return self.created_student and self.student.link_version == 1

    @staticmethod
    def new_key() -> uuid.UUID:
        """128 random bits; no version bits are set, so that none is lost."""
        return uuid.UUID(bytes=secrets.token_bytes(16))


class Registration(models.Model):
    """A student's claim on one event.

    `place` is given under the event's lock and orders the waiting list; the number shown is counted.
    """

    class State(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        OFFERED = "offered", _("offered")
        WAITING = "waiting", _("waiting")
        CANCELLED = "cancelled", _("cancelled")

    event = models.ForeignKey(Event, models.PROTECT, related_name="registrations", verbose_name=_("event"))
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="registrations", verbose_name=_("student")
    )
    submission = models.ForeignKey(
        Submission, models.SET_NULL, null=True, editable=False, related_name="registrations"
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, editable=False)
    place = models.PositiveBigIntegerField(_("place"), editable=False)
    created_at = models.DateTimeField(_("registered"), editable=False)

    number: int
    """The place in line, where `waitinglist.with_number` has counted it."""

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student", "event"],
                condition=~Q(state="cancelled"),
                name="registration_active_once",
            ),
            models.UniqueConstraint(fields=["event", "place"], name="registration_place_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["event", "place"], name="registration_waiting", condition=Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.student}, {self.event}"

    @property
    def is_active(self) -> bool:
        return self.state != self.State.CANCELLED

    @property
    def holds_seat(self) -> bool:
        return self.state in (self.State.CONFIRMED, self.State.OFFERED)


class Refusal(models.Model):
    """An event that one press did not obtain, although it obtained others."""

    class Reason(models.TextChoices):
        FULL = "full", _("full")
        CLOSED = "closed", _("closed")
        TOO_SOON = "too_soon", _("not yet open")
        PAUSED = "paused", _("paused")
        INELIGIBLE = "ineligible", _("not for this grade")
        CLASH = "clash", _("clash")
        ALREADY = "already", _("already registered")
        UNKNOWN = "unknown", _("unknown event")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="refusals")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    other = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.event}: {self.get_reason_display()}"


class Change(models.Model):
    """What happened to a registration, when, by whom and why. Append-only: a trigger refuses the rest.

    `fields` names personal details that were corrected, never their contents.
    """

    class Cause(models.TextChoices):
        SUBMITTED = "submitted", _("form sent")
        CANCELLED = "cancelled", _("cancelled")
        PROMOTED = "promoted", _("a seat became free")
        CAPACITY_RAISED = "capacity_raised", _("seats were added")
        CORRECTED = "corrected", _("details corrected")

    class Actor(models.TextChoices):
        STUDENT = "student", _("student")
        ORGANISER = "organiser", _("organiser")
        SYSTEM = "system", _("system")

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="changes", verbose_name=_("registration")
    )
    from_state = models.CharField(_("from"), max_length=10, blank=True)
    to_state = models.CharField(_("to"), max_length=10, choices=Registration.State.choices)
    at = models.DateTimeField(_("at"))
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices)
    actor = models.CharField(_("actor"), max_length=10, choices=Actor.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    submission = models.ForeignKey(Submission, models.SET_NULL, null=True, related_name="changes")
    fields = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("fields"))

    def __str__(self) -> str:
        return f"{self.registration}: {self.from_state} → {self.to_state}"


class Consent(models.Model):
    """Who agreed, to which wording, on what basis, when."""

    class Basis(models.TextChoices):
        FORM = "form", _("ticked in the form")
        TEACHER = "teacher", _("teacher's declaration")
        GUARDIAN = "guardian", _("guardian's link")
        PAPER = "paper", _("on paper")

    student = models.ForeignKey(Student, models.CASCADE, related_name="consents", verbose_name=_("student"))
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+", verbose_name=_("text"))
    basis = models.CharField(_("basis"), max_length=10, choices=Basis.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["student", "text", "basis"], name="consent_once")
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.get_basis_display()}"
