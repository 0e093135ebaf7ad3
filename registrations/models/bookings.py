"""Submissions, registrations and their history."""

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event
from registrations.models.people import Student
from registrations.querysets import RegistrationQuerySet
from techfest.core.db.indexes import index_where_set
from techfest.core.db.triggers import Trigger
from techfest.core.link_keys import link_id_field


class Submission(models.Model):
    """One submitted form that obtained something. The same form sent again gets the same answer."""

    class Origin(models.TextChoices):
        """The kind of form. A key finds a submission only for the same kind."""

        FORM = "form", _("public form")
        STUDENT = "student", _("my registrations")
        TEACHER = "teacher", _("teacher's pages")
        CLASS_LIST = "list", _("class list")
        ORGANISER = "organiser", _("organiser's page")

    key = models.UUIDField(unique=True, editable=False)
    link_id = link_id_field()
    origin = models.CharField(_("sent from"), max_length=10, choices=Origin.choices, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    student = models.ForeignKey(Student, models.CASCADE, related_name="submissions")
    created_student = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.student} {self.created_at:%Y-%m-%d %H:%M:%S}"

    @staticmethod
    def new_key() -> uuid.UUID:
        """128 random bits, without the version bits of a UUID."""
        return uuid.UUID(bytes=secrets.token_bytes(16))


class Registration(models.Model):
    """A student's registration for one event.

    `queue_position` is given under the event's lock and never reused; it orders the waiting list, whose ranks
    are counted. If the fest requires confirmed addresses, `confirm_by` is the deadline until the student
    confirms. It runs from `confirm_mailed_at`, when the mail with the link was handed over; before that nothing
    is late.
    """

    class State(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        WAITING = "waiting", _("waiting")
        CANCELLED = "cancelled", _("cancelled")

    event = models.ForeignKey(
        Event, models.PROTECT, related_name="registrations", verbose_name=_("event"), db_index=False
    )
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="registrations", verbose_name=_("student")
    )
    submission = models.ForeignKey(
        Submission, models.SET_NULL, null=True, editable=False, related_name="registrations"
    )
    hold = models.ForeignKey(
        "Hold", models.SET_NULL, null=True, editable=False, related_name="registrations", db_index=False
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, editable=False)
    queue_position = models.PositiveBigIntegerField(_("order of arrival"), editable=False)
    created_at = models.DateTimeField(_("registered"), editable=False)
    confirm_by = models.DateTimeField(_("address to be confirmed by"), null=True, editable=False)
    confirm_mailed_at = models.DateTimeField(_("confirmation link mailed"), null=True, editable=False)

    number: int
    """The rank on the waiting list, annotated by `booking.waitlist.with_number`."""

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student", "event"],
                condition=~Q(state="cancelled"),
                name="registration_active_once",
            ),
            models.UniqueConstraint(
                fields=["event", "queue_position"], name="registration_queue_position_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["event", "queue_position"], name="registration_waiting", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["event", "queue_position"],
                name="registration_not_waiting",
                condition=~Q(state="waiting"),
            ),
            models.Index(
                fields=["confirm_by"],
                name="registration_unconfirmed",
                condition=Q(confirm_by__isnull=False) & ~Q(state="cancelled"),
            ),
            index_where_set("hold", "registration_hold"),
        ]

    def __str__(self) -> str:
        return f"{self.student}, {self.event}"

    @property
    def is_active(self) -> bool:
        return self.state != self.State.CANCELLED

    @property
    def holds_seat(self) -> bool:
        return self.state == self.State.CONFIRMED


class Refusal(models.Model):
    """An event that a submission did not obtain, although it obtained others."""

    class Reason(models.TextChoices):
        FULL = "full", _("full")
        CLOSED = "closed", _("closed")
        TOO_SOON = "too_soon", _("not yet open")
        PAUSED = "paused", _("paused")
        INELIGIBLE = "ineligible", _("not for this grade")
        CLASH = "clash", _("clash")
        ALREADY = "already", _("already registered")
        UNKNOWN = "unknown", _("unknown event")
        EVENTS_CAP = "events_cap", _("too many events")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="refusals")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    other = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.event}: {self.get_reason_display()}"


class Change(models.Model):
    """A change of a registration: when, by whom and why. Append-only, enforced by a trigger.

    `fields` names the personal details that were corrected, never their values.
    """

    class Cause(models.TextChoices):
        SUBMITTED = "submitted", _("form sent")
        CANCELLED = "cancelled", _("cancelled")
        PROMOTED = "promoted", _("a seat became free")
        CAPACITY_RAISED = "capacity_raised", _("seats were added")
        CORRECTED = "corrected", _("details corrected")
        REPLACED = "replaced", _("another student took over")
        CHOSEN = "chosen", _("promoted by an organiser")
        MOVED = "moved", _("moved to another event")
        EVENT_CANCELLED = "event_cancelled", _("the event is cancelled")
        EVENT_CHANGED = "event_changed", _("the event has another time or venue")
        MERGED = "merged", _("duplicate student merged")
        WALK_IN = "walk_in", _("admitted at the door")
        NO_SHOW = "no_show", _("did not come; the seat was given at the door")
        ERASED = "erased", _("the student was erased")
        UNCONFIRMED = "unconfirmed", _("the e-mail address was not confirmed in time")
        UNDONE = "undone", _("the class list was undone")

    class Actor(models.TextChoices):
        STUDENT = "student", _("student")
        TEACHER = "teacher", _("teacher")
        ORGANISER = "organiser", _("organiser")
        VOLUNTEER = "volunteer", _("volunteer")
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
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("user"),
        db_index=False,
    )
    submission = models.ForeignKey(Submission, models.SET_NULL, null=True, related_name="changes")
    fields = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("fields"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints: ClassVar = [
            # While a student is erased a change may lose its words and its submission, and nothing else.
            Trigger(
                name="registrations_change_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_changes",
                body="""
                    BEGIN
                        IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
                            AND to_jsonb(NEW) - '{reason,submission_id}'::text[]
                                = to_jsonb(OLD) - '{reason,submission_id}'::text[]
                        THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ]
        indexes: ClassVar = [
            index_where_set("user", "change_user"),
        ]

    def __str__(self) -> str:
        return f"{self.registration}: {self.from_state} → {self.to_state}"
