"""Submissions, registrations, their history, conflicts and holds."""

import datetime as dt
import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event
from registrations.models.people import School, Student
from registrations.querysets import HoldQuerySet, RegistrationQuerySet
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
    queue_position = models.PositiveBigIntegerField(_("queue position"), editable=False)
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


class Conflict(models.Model):
    """A registration that clashes or no longer fits after a change of its event. It keeps its seat for now.

    A clash names the student's `other` registration. `resolved_at` ends the conflict: one of the two was
    cancelled, the event moved again, or an organiser resolved it.
    """

    class Kind(models.TextChoices):
        CLASH = "clash", _("clash")
        INELIGIBLE = "ineligible", _("not for this grade")

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="conflicts", verbose_name=_("registration")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, editable=False)
    other = models.ForeignKey(
        Registration,
        models.CASCADE,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("clashes with"),
    )
    at = models.DateTimeField(_("since"), editable=False)
    choose_by = models.DateTimeField(_("to be chosen by"), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("caused by"),
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["registration", "kind", "other"],
                condition=Q(resolved_at=None),
                nulls_distinct=False,
                name="conflict_open_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="clash", other__isnull=False) | Q(kind="ineligible", other=None),
                name="conflict_clash_has_its_other",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["choose_by"], name="conflict_open", condition=Q(resolved_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.registration}: {self.get_kind_display()}"


class Hold(models.Model):
    """Seats of one event that are held for a school, whose teacher names the students later.

    A hold without a school is capacity that an organiser reserves.

    `used` of the `seats` have an active registration. Unused seats count as taken from `held_at`, which may need
    an organiser's approval, to `returned_at`, which also ends refused and undecided requests. Rows change only
    while the event's Seats row is locked.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("waits for an organiser")
        HELD = "held", _("held")
        RETURNED = "returned", _("given back")
        REFUSED = "refused", _("not held")

    event = models.ForeignKey(Event, models.PROTECT, related_name="holds", verbose_name=_("event"))
    school = models.ForeignKey(
        School, models.PROTECT, null=True, blank=True, related_name="holds", verbose_name=_("school")
    )
    seats = models.PositiveSmallIntegerField(_("seats"))
    used = models.PositiveSmallIntegerField(_("used"), default=0, editable=False)
    until = models.DateTimeField(_("names by"))
    key = models.UUIDField(unique=True, default=Submission.new_key, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("requested by"),
    )
    created_at = models.DateTimeField(_("requested"), db_default=Now(), editable=False)
    held_at = models.DateTimeField(_("held since"), null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    reminded_at = models.DateTimeField(_("reminded"), null=True, editable=False)
    returned_at = models.DateTimeField(_("returned"), null=True, editable=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(used__lte=F("seats")), name="hold_uses_its_seats"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="hold_has_seats"),
        ]
        indexes: ClassVar = [models.Index(fields=["event"], name="hold_held", condition=Q(returned_at=None))]

    def __str__(self) -> str:
        return f"{self.school or _('Held back')}: {self.seats}, {self.event}"

    @property
    def state(self) -> State:
        if self.returned_at is None:
            return self.State.REQUESTED if self.held_at is None else self.State.HELD
        return self.State.REFUSED if self.held_at is None else self.State.RETURNED

    @property
    def unused(self) -> int:
        """Seats that count as taken without a registration; none after the hold has ended."""
        return self.seats - self.used if self.state == self.State.HELD else 0

    @property
    def deadline(self) -> dt.datetime:
        """When the unused seats are returned: at the latest when registration or the waiting list closes.

        Reserved capacity waits for no names, so the closing of registration does not end it.
        """
        if self.school_id is None:
            return min(self.until, self.event.promotion_ends_at)
        return min(self.until, self.event.registration_closes_at, self.event.promotion_ends_at)
