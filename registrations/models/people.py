"""Schools, students and teachers."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import GRADE_LIMITS, Fest
from registrations.querysets import SchoolQuerySet, StudentQuerySet, TeacherQuerySet
from registrations.students.classes import read_section
from registrations.students.likeness import compared_label
from registrations.students.name_parts import MAX_INITIALS, parts_of
from registrations.students.names import email_key, label_key, name_key, random_reference, school_key
from techfest.core.link_keys import link_id_field


class School(models.Model):
    """A school; it exists across fests. A name typed for the first time is pending until an organiser accepts it."""

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


class Student(models.Model):
    """A student of a school in one fest. The e-mail never identifies: siblings share one, many have none."""

    fest = models.ForeignKey(
        Fest, models.PROTECT, related_name="students", verbose_name=_("fest"), db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="students", verbose_name=_("school"))
    grade = models.PositiveSmallIntegerField(_("grade"), validators=GRADE_LIMITS)
    section = models.CharField(_("section"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=400, editable=False)
    initials = models.CharField(max_length=MAX_INITIALS, blank=True, editable=False)
    roll_number = models.CharField(_("roll number"), max_length=20, blank=True)
    roll_key = models.CharField(max_length=20, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    reference = models.CharField(_("reference"), max_length=7, default=random_reference)
    link_id = link_id_field()
    link_version = models.PositiveIntegerField(default=1, editable=False)
    email_verified_at = models.DateTimeField(_("e-mail confirmed"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    objects = StudentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # The initials stand before the name, so that its index finds similar names too.
            models.UniqueConstraint(
                fields=["fest", "school", "grade", "initials", "name_key", "section", "roll_key"],
                name="student_once_a_fest",
            ),
            # `unique=True` would add a second index, for LIKE.
            models.UniqueConstraint(fields=["reference"], name="student_reference_once"),
            # An erased row can never be filled again.
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(name="", initials="", email="", email_key="", section="", roll_number="", roll_key=""),
                name="student_erased_is_empty",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["email_key"], name="student_email", condition=~Q(email_key=""))
        ]

    def __str__(self) -> str:
        return self.name if self.erased_at is None else str(_("erased"))

    @property
    def school_class(self) -> str:
        """Grade and section as pages and mails write them: 7B, 7 Rose; empty once erased."""
        space = " " if len(self.section) > 1 else ""
        return f"{self.grade}{space}{self.section}" if self.grade else ""

    def clean(self) -> None:
        self.set_keys()

    def set_keys(self) -> None:
        """Set the comparison keys and normalise section and roll number."""
        self.name_key = name_key(self.name)
        self.initials = parts_of(self.name_key).initials
        self.email_key = email_key(self.email)
        self.section = read_section(self.section, self.grade or 0)
        self.roll_number = label_key(self.roll_number)
        self.roll_key = compared_label(self.roll_number)


class MergedReference(models.Model):
    """The reference of a student who was merged into another; it leads to the other one."""

    reference = models.CharField(_("reference"), max_length=7, primary_key=True, editable=False)
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="merged_references", verbose_name=_("student")
    )
    at = models.DateTimeField(_("merged"), editable=False)

    def __str__(self) -> str:
        return self.reference


def random_code() -> str:
    """Return 128 random bits as 22 characters that are safe in a path."""
    return secrets.token_urlsafe(16)


class Teacher(models.Model):
    """A signed-in person of one school. Sees nothing of the school until an organiser approves."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="teacher", verbose_name=_("user")
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="teachers", verbose_name=_("school"))
    note = models.CharField(_("what they wrote"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("requested"), db_default=Now(), editable=False)
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("approved by"),
    )

    objects = TeacherQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}, {self.school}"

    @property
    def name(self) -> str:
        return self.user.get_full_name() or self.user.get_username()

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None


class Invitation(models.Model):
    """An organiser's invitation for the reader of this address to register students of the school."""

    email = models.EmailField(_("e-mail"))
    school = models.ForeignKey(School, models.CASCADE, related_name="invitations", verbose_name=_("school"))
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("invited"), db_default=Now(), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)

    def __str__(self) -> str:
        return f"{self.email}, {self.school}"
