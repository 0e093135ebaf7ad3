"""Seats held for a school, and conflicts that a change of an event leaves behind."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event
from registrations.models.bookings import Registration, Submission
from registrations.models.people import School
from registrations.querysets import HoldQuerySet


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
        REQUESTED = "requested", _("requested")
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
