"""The fest with its pictures, venues and categories."""

import zoneinfo
from functools import cached_property
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from techfest.core.db.triggers import Trigger

GRADE_LIMITS = (MinValueValidator(1), MaxValueValidator(13))


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
    events_per_student = models.PositiveSmallIntegerField(
        _("most events for each student"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Leave empty for no limit. Events for which a student waits count too. If you enter fewer than a"
            " student has, they keep them all."
        ),
    )
    caps_changed_at = models.DateTimeField(_("limits changed"), null=True, editable=False)
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
            models.CheckConstraint(
                condition=Q(events_per_student=None) | Q(events_per_student__gte=1),
                name="fest_events_per_student_at_least_one",
            ),
            Trigger(
                name="events_fest_note_caps",
                event="BEFORE UPDATE OF events_per_student, caps_changed_at",
                function="events_note_fest_caps",
                body="""
                    BEGIN
                        IF NEW.events_per_student IS DISTINCT FROM OLD.events_per_student THEN
                            NEW.caps_changed_at := clock_timestamp();
                        ELSE
                            NEW.caps_changed_at := OLD.caps_changed_at;
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
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
