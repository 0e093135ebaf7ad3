"""Fests, events and their seats. Nothing here knows of students or registrations."""

import datetime as dt
import zoneinfo
from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.querysets import EventQuerySet, SeatsQuerySet
from techfest.core.db.triggers import Trigger

GRADE_LIMITS = (MinValueValidator(1), MaxValueValidator(13))
GRACE = dt.timedelta(minutes=2)
"""How long after `closes_at` a submission is still accepted; pages do not mention it."""


def is_time_zone(name: str) -> bool:
    return name in zoneinfo.available_timezones()


def validate_time_zone(name: str) -> None:
    if not is_time_zone(name):
        raise ValidationError(_("%(name)s is not a time zone, like Asia/Kolkata"), params={"name": name})


class Picture(models.Model):
    """A re-encoded PNG or JPEG with its digest as primary key, stored in the database for all hosts."""

    class Kind(models.TextChoices):
        PNG = "png", "PNG"
        JPEG = "jpeg", "JPEG"

    digest = models.CharField(max_length=32, primary_key=True, editable=False)
    kind = models.CharField(max_length=4, choices=Kind.choices, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    data = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return f"{self.digest}.{self.kind}"

    def get_absolute_url(self) -> str:
        return reverse("events:picture", args=[self.digest, self.kind])


class Fest(models.Model):
    """One edition of the fest: its dates, time zone and place, and the default registration period."""

    class Accent(models.TextChoices):
        INDIGO = "indigo", _("Indigo")
        TEAL = "teal", _("Teal")
        CRIMSON = "crimson", _("Crimson")
        AMBER = "amber", _("Amber")
        FOREST = "forest", _("Forest")
        VIOLET = "violet", _("Violet")
        COBALT = "cobalt", _("Cobalt")
        SLATE = "slate", _("Slate")

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), unique=True)
    is_current = models.BooleanField(_("current"), default=False)
    place = models.CharField(_("place"), max_length=200)
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="Asia/Kolkata", validators=[validate_time_zone]
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    opens_at = models.DateTimeField(_("registration opens"))
    closes_at = models.DateTimeField(_("registration closes"))
    hours_changed_at = models.DateTimeField(_("opening hours changed"), null=True, editable=False)
    is_paused = models.BooleanField(_("registration paused"), default=False)
    pause_text = models.CharField(_("text while paused"), max_length=300, blank=True)
    confirms_addresses = models.BooleanField(
        _("e-mail addresses must be confirmed"),
        default=False,
        db_default=False,
        help_text=_(
            "Protects against registrations made by a program. Students need an e-mail address, and must confirm it"
            " within 30 minutes after our mail was sent; otherwise the seat goes to the next person. Class lists of"
            " teachers are not affected."
        ),
    )
    grade_min = models.PositiveSmallIntegerField(_("lowest grade"), default=5, validators=GRADE_LIMITS)
    grade_max = models.PositiveSmallIntegerField(_("highest grade"), default=12, validators=GRADE_LIMITS)
    accent = models.CharField(_("accent"), max_length=10, choices=Accent.choices, default=Accent.INDIGO)
    logo = models.ForeignKey(
        Picture, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("logo")
    )
    contact_name = models.CharField(_("contact"), max_length=100)
    contact_email = models.EmailField(_("contact's e-mail"))
    privacy_text = models.TextField(_("who runs the fest and keeps the data"))
    retention_days = models.PositiveSmallIntegerField(_("days names are kept after the fest"), default=90)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="fest_one_is_current"
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="fest_starts_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")), name="fest_opens_before_it_closes"
            ),
            models.CheckConstraint(condition=Q(grade_min__lte=F("grade_max")), name="fest_grades_in_order"),
            Trigger(
                name="events_fest_note_hours",
                event="BEFORE UPDATE OF opens_at, closes_at, hours_changed_at",
                function="events_note_hours",
                body="""
                    BEGIN
                        IF (NEW.opens_at, NEW.closes_at) IS DISTINCT FROM (OLD.opens_at, OLD.closes_at) THEN
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
        return reverse("events:catalogue")

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def logo_url(self) -> str:
        return self.logo.get_absolute_url() if self.logo else ""

    @property
    def grades(self) -> range:
        return range(self.grade_min, self.grade_max + 1)


class Venue(models.Model):
    fest = models.ForeignKey(Fest, models.CASCADE, related_name="venues", verbose_name=_("fest"))
    name = models.CharField(_("name"), max_length=100)
    directions = models.CharField(_("how to find it"), max_length=300, blank=True)
    map_url = models.URLField(_("map"), blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "name"], name="venue_name_once_a_fest")
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    fest = models.ForeignKey(Fest, models.CASCADE, related_name="categories", verbose_name=_("fest"))
    name = models.CharField(_("name"), max_length=50)
    slug = models.SlugField(_("slug"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering: ClassVar = ["position", "name"]
        verbose_name_plural = _("categories")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "slug"], name="category_slug_once_a_fest")
        ]

    def __str__(self) -> str:
        return self.name


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
    summary = models.CharField(_("summary"), max_length=200)
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
        _("waiting list moves until"),
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


class AuditEntry(models.Model):
    """An entry of the audit log: who did what to a row that has no history of its own. A trigger makes it append-only.

    Registrations have their Changes instead. `before` and `after` hold only what changed, and of personal details
    only the field names. Written only by `audit_log.record`. There is no foreign key to the subject, so entries
    outlive it.
    """

    at = models.DateTimeField(_("at"), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("user"),
    )
    subject_kind = models.CharField(_("kind"), max_length=50, editable=False)
    subject_id = models.BigIntegerField(_("id"), editable=False)
    what = models.CharField(_("what"), max_length=60, editable=False)
    before = models.JSONField(_("before"), default=dict, editable=False)
    after = models.JSONField(_("after"), default=dict, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name_plural = _("audit entries")
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_of_a_subject")
        ]
        constraints: ClassVar = [
            # Erasing a student may clear reason and values; what was done, when, by whom and to which row stays.
            Trigger(
                name="events_auditentry_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="events_refuse_rewriting",
                body="""
                    BEGIN
                        IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
                            AND to_jsonb(NEW) - '{reason,before,after}'::text[]
                                = to_jsonb(OLD) - '{reason,before,after}'::text[]
                        THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.subject_kind} {self.subject_id}: {self.what}"
