"""The event and its seats."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.models.fest import GRADE_LIMITS, Category, Fest, Picture, Venue
from events.querysets import EventQuerySet, SeatsQuerySet
from techfest.core.db.triggers import Trigger

GRACE = dt.timedelta(minutes=2)
"""How long after `closes_at` a submission is still accepted; pages do not mention it."""


class Event(models.Model):
    """One competition, workshop or quiz: its time, its venue and the grades that may take part.

    The capacity is in `Seats`, a separate row, so that booking a seat never updates the row that foreign keys
    reference. Times, grades and state change only while the Seats row is locked.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        CANCELLED = "cancelled", _("cancelled")

    fest = models.ForeignKey(Fest, models.PROTECT, related_name="events", verbose_name=_("fest"))
    category = models.ForeignKey(Category, models.PROTECT, related_name="events", verbose_name=_("category"))
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="events", verbose_name=_("venue"))
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=80)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    rules = models.TextField(_("rules"), blank=True)
    bring = models.CharField(_("what to bring"), max_length=300, blank=True)
    picture = models.ForeignKey(
        Picture, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    buffer_minutes = models.PositiveSmallIntegerField(_("minutes kept free afterwards"), default=0)
    grade_min = models.PositiveSmallIntegerField(_("lowest grade"), validators=GRADE_LIMITS)
    grade_max = models.PositiveSmallIntegerField(_("highest grade"), validators=GRADE_LIMITS)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)
    hours_changed_at = models.DateTimeField(_("opening hours changed"), null=True, editable=False)
    is_paused = models.BooleanField(_("registration paused"), default=False)
    pause_text = models.CharField(_("text while paused"), max_length=300, blank=True)
    waiting_limit = models.PositiveIntegerField(
        _("longest waiting list"),
        null=True,
        blank=True,
        help_text=_("Leave empty for no limit. 0 means no waiting list."),
    )
    promotes_until = models.DateTimeField(
        _("free seats go to the waiting list until"),
        null=True,
        blank=True,
        help_text=_(
            "Leave empty for two hours before the start. After that, free seats are given at the door."
        ),
    )
    doors_open_at = models.DateTimeField(
        _("doors open"), null=True, blank=True, help_text=_("Leave empty for one hour before the start.")
    )
    seats_kept_until = models.DateTimeField(
        _("seats are kept until"),
        null=True,
        blank=True,
        help_text=_(
            "Leave empty for the start. After that, seats of students who have not come may be given away at the door."
        ),
    )
    sequence = models.PositiveIntegerField(_("calendar revision"), default=0, editable=False)
    leads = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="led_events", verbose_name=_("event leads")
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["starts_at", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "slug"], name="event_slug_once_a_fest"),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="event_starts_before_it_ends"
            ),
            models.CheckConstraint(condition=Q(grade_min__lte=F("grade_max")), name="event_grades_in_order"),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__lte=F("ends_at")),
                name="event_closes_by_its_end",
            ),
            Trigger(
                name="events_event_note_hours",
                event="BEFORE UPDATE OF opens_at, closes_at, starts_at, ends_at, hours_changed_at",
                function="events_note_event_hours",
                body="""
                    BEGIN
                        IF (NEW.opens_at, NEW.closes_at, NEW.starts_at, NEW.ends_at)
                            IS DISTINCT FROM (OLD.opens_at, OLD.closes_at, OLD.starts_at, OLD.ends_at) THEN
                            NEW.hours_changed_at := clock_timestamp();
                        ELSE
                            NEW.hours_changed_at := OLD.hours_changed_at;
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("events:event", args=[self.slug])

    @property
    def occupied_until(self) -> dt.datetime:
        """The end plus the buffer; participants are free for other events from then on."""
        return self.ends_at + dt.timedelta(minutes=self.buffer_minutes)

    @property
    def registration_opens_at(self) -> dt.datetime:
        return self.opens_at or self.fest.opens_at

    @property
    def registration_closes_at(self) -> dt.datetime:
        """Its own closing time, else the earlier of the fest's closing and its start; never after its end."""
        if self.closes_at:
            return min(self.closes_at, self.ends_at)
        return min(self.fest.closes_at, self.starts_at)

    @property
    def registration_accepted_until(self) -> dt.datetime:
        """The closing plus the grace period, at most the end of the event."""
        return min(self.registration_closes_at + GRACE, self.ends_at)

    @property
    def promotion_ends_at(self) -> dt.datetime:
        return self.promotes_until or self.starts_at - dt.timedelta(hours=2)

    @property
    def entry_opens_at(self) -> dt.datetime:
        """When check-in begins."""
        return self.doors_open_at or self.starts_at - dt.timedelta(hours=1)

    @property
    def seats_are_kept_until(self) -> dt.datetime:
        """When seats of absent students may be given away; never before promotions from the waiting list end."""
        return max(self.seats_kept_until or self.starts_at, self.promotion_ends_at)

    @property
    def grades_text(self) -> str:
        if self.grade_min == self.grade_max:
            return _("Grade %(grade)s") % {"grade": self.grade_min}
        return _("Grades %(low)s to %(high)s") % {"low": self.grade_min, "high": self.grade_max}

    def has_room_for_grade(self, grade: int) -> bool:
        return self.grade_min <= grade <= self.grade_max

    def overlaps(self, other: "Event") -> bool:
        """Whether the events overlap in time; intervals that only touch do not."""
        return self.starts_at < other.occupied_until and other.starts_at < self.occupied_until


class Seats(models.Model):
    """The seat counts of one event, in the row that every change of seats locks.

    `taken` counts confirmed registrations and `held` seats, which are kept for students named later. No commit
    raises it above `capacity`. The capacity may be lowered below it, so there is no CHECK constraint.
    """

    event = models.OneToOneField(
        Event, models.CASCADE, primary_key=True, related_name="seats", verbose_name=_("event")
    )
    capacity = models.PositiveIntegerField(_("capacity"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    held = models.PositiveIntegerField(_("held"), default=0, db_default=0, editable=False)
    waiting = models.PositiveIntegerField(_("waiting"), default=0, editable=False)
    last_queue_position = models.PositiveBigIntegerField(
        _("last queue position given"), default=0, editable=False
    )
    filled_at = models.DateTimeField(_("last filled"), null=True, editable=False)

    objects = SeatsQuerySet.as_manager()

    class Meta:
        verbose_name = _("seats")
        verbose_name_plural = _("seats")
        constraints: ClassVar = [
            Trigger(
                name="events_seats_keep_capacity",
                event="AFTER INSERT OR UPDATE OF capacity",
                function="events_keep_capacity",
                body="""
                    BEGIN
                        IF TG_OP = 'INSERT' OR NEW.capacity IS DISTINCT FROM OLD.capacity THEN
                            INSERT INTO events_capacitychange (event_id, capacity, at)
                            VALUES (NEW.event_id, NEW.capacity, clock_timestamp());
                        END IF;
                        RETURN NULL;
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return ngettext("%(free)d of %(capacity)d free", "%(free)d of %(capacity)d free", self.capacity) % {
            "free": self.free,
            "capacity": self.capacity,
        }

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.taken)

    @property
    def takes_newcomers(self) -> bool:
        """Whether the next registration gets a seat: one is free and the waiting list is empty."""
        return self.free > 0 and not self.waiting


class CapacityChange(models.Model):
    """The history of an event's capacity, written by a trigger on every change.

    It allows the consistency check to compare each booking with the capacity at its time.
    """

    event = models.ForeignKey(
        Event, models.CASCADE, related_name="capacity_changes", verbose_name=_("event"), editable=False
    )
    capacity = models.PositiveIntegerField(_("capacity"), editable=False)
    at = models.DateTimeField(_("from"), editable=False)

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [models.Index(fields=["event", "at"], name="capacity_of_a_moment")]

    def __str__(self) -> str:
        return f"{self.event}: {self.capacity}"
