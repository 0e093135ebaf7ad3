"""Consents, erasures, purges, and the marker by which a restored database is recognised."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Fest
from registrations.models.people import Student
from techfest.core.db.indexes import index_where_set
from techfest.core.db.triggers import Trigger


class ConsentText(models.Model):
    """One version of the consent text. Never edited: a new wording is a new version.

    Teachers confirm a sentence of their own, which is a row of its own: a consent names the text that was shown.
    """

    class Audience(models.TextChoices):
        STUDENTS = "students", _("students and guardians")
        TEACHERS = "teachers", _("teachers")

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="consent_texts", verbose_name=_("fest"))
    version = models.PositiveSmallIntegerField(_("version"))
    audience = models.CharField(
        _("shown to"),
        max_length=10,
        choices=Audience.choices,
        default=Audience.STUDENTS,
        db_default=Audience.STUDENTS,
    )
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "version"], name="consent_text_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.fest}, version {self.version}"


class Consent(models.Model):
    """Consent of a student: to which text, on what basis, by whom and when."""

    class Basis(models.TextChoices):
        FORM = "form", _("ticked in the form")
        TEACHER = "teacher", _("teacher's declaration")
        PAPER = "paper", _("on paper")

    student = models.ForeignKey(
        Student, models.CASCADE, related_name="consents", verbose_name=_("student"), db_index=False
    )
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+", verbose_name=_("text"))
    basis = models.CharField(_("basis"), max_length=10, choices=Basis.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,
    )
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["student", "text", "basis"], name="consent_once"),
            # It is deleted with an erased student, and moves to the student whom its own one was merged into.
            Trigger(
                name="registrations_consent_is_kept",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_consents",
                body="""
                    DECLARE
                        kept bigint := (
                            SELECT m.student_id FROM registrations_mergedreference m
                            JOIN registrations_student removed USING (reference)
                            WHERE removed.id = OLD.student_id
                        );
                    BEGIN
                        IF TG_OP = 'UPDATE' THEN
                            IF NEW.student_id = kept
                                AND to_jsonb(NEW) - 'student_id' = to_jsonb(OLD) - 'student_id'
                            THEN
                                RETURN NEW;
                            END IF;
                        ELSIF EXISTS (
                            SELECT FROM registrations_student
                            WHERE id = OLD.student_id AND erased_at IS NOT NULL
                        ) OR EXISTS (
                            SELECT FROM registrations_consent
                            WHERE student_id = kept AND text_id = OLD.text_id AND basis = OLD.basis
                        ) THEN
                            RETURN OLD;
                        END IF;
                        RAISE EXCEPTION 'a consent stays as long as its student'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ]
        indexes: ClassVar = [
            index_where_set("user", "consent_user"),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.get_basis_display()}"


class Erasure(models.Model):
    """The reference of an erased student, and nothing else: the erasure is applied again after a restored backup."""

    reference = models.CharField(_("reference"), max_length=7, unique=True, editable=False)
    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+", verbose_name=_("fest"))
    at = models.DateTimeField(_("erased"), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    def __str__(self) -> str:
        return self.reference


class Purge(models.Model):
    """One run that erased all students of a fest. `report` holds the totals that stay, and no names."""

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="purges", verbose_name=_("fest"))
    at = models.DateTimeField(_("at"), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    students = models.PositiveIntegerField(_("students"), editable=False)
    report = models.JSONField(_("report"), default=dict, editable=False)

    def __str__(self) -> str:
        return f"{self.fest} {self.at:%Y-%m-%d}"


class PurgePlan(models.Model):
    """The announcement of a coming purge to the owners, valid for this `due_at` only."""

    fest = models.OneToOneField(
        Fest, models.CASCADE, primary_key=True, related_name="purge_plan", verbose_name=_("fest")
    )
    due_at = models.DateTimeField(_("due"), editable=False)
    announced_at = models.DateTimeField(_("announced"), editable=False)

    def __str__(self) -> str:
        return f"{self.fest} {self.due_at:%Y-%m-%d}"


class DatabaseMarker(models.Model):
    """The only row: how far this database has come, and whether it was restored.

    `installation` and `counter` are also in the marker file. No mail is sent while `held_since` is set. A mail queued
    after `cutoff` cannot come from the restored copy. `found_installation` and `found_counter` are what the file said
    when the mails were held.
    """

    class Reason(models.TextChoices):
        OLDER = "older", _("the database is older than the marker file in the data folder")
        OTHER = "other", _("the marker file in the data folder belongs to another database")
        MISSING = "missing", _("the data folder has no marker file")
        REQUESTED = "requested", _("an operator said that the database was restored")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    installation = models.UUIDField(editable=False)
    counter = models.PositiveBigIntegerField(default=0, editable=False)
    advanced_at = models.DateTimeField(editable=False)
    held_since = models.DateTimeField(null=True, editable=False)
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True, editable=False)
    cutoff = models.DateTimeField(null=True, editable=False)
    found_installation = models.UUIDField(null=True, editable=False)
    found_counter = models.PositiveBigIntegerField(null=True, editable=False)
    register_applied_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="database_marker_is_the_only_one"),
            models.CheckConstraint(
                condition=Q(held_since=None) | (Q(cutoff__isnull=False) & ~Q(reason="")),
                name="database_marker_hold_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.installation} {self.counter}"

    @property
    def is_held(self) -> bool:
        return self.held_since is not None
