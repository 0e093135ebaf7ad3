"""Check-in models: gates, check-ins, scans, and what needs an organiser's attention."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event, Fest
from registrations.models import Registration, School, random_code
from techfest.core.link_keys import link_id_field
from tickets.keys import random_key
from tickets.models.tickets import Ticket


class Delegation(models.Model):
    """The QR code of a school that opens its list at the door."""

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+")
    school = models.ForeignKey(School, models.CASCADE, related_name="delegations")
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "school"], name="delegation_once_a_fest")
        ]

    def __str__(self) -> str:
        return f"{self.school}, {self.fest}"


class Gate(models.Model):
    """A place where tickets are scanned, for some events, or for all of the fest if none are listed.

    Volunteers can open only the gates assigned to them.
    """

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="gates", verbose_name=_("fest"))
    name = models.CharField(_("name"), max_length=100)
    events = models.ManyToManyField(
        Event,
        blank=True,
        related_name="gates",
        verbose_name=_("events"),
        help_text=_("None: all events of the fest."),
    )
    volunteers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="gates", verbose_name=_("volunteers")
    )

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "name"], name="gate_name_once_a_fest")
        ]

    def __str__(self) -> str:
        return self.name


class CheckIn(models.Model):
    """A ticket accepted at a checkpoint: one in force per ticket, plus re-entries with a reason.

    `at` is the time of entry: by the database clock, or by the device's for an offline scan. A check-in that was
    undone stays, with the reason.
    """

    class How(models.TextChoices):
        SCAN = "scan", _("scanned")
        SEARCH = "search", _("found by name or reference")
        CLASS = "class", _("with the school's list")
        OFFLINE = "offline", _("scanned without a network")
        WALK_IN = "walk_in", _("registered at the door")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="check_ins", verbose_name=_("ticket"))
    at = models.DateTimeField(_("at"), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now(), editable=False)
    gate = models.ForeignKey(
        Gate, models.SET_NULL, null=True, related_name="check_ins", editable=False, verbose_name=_("gate")
    )
    where = models.CharField(_("where"), max_length=100, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+", verbose_name=_("by")
    )
    how = models.CharField(_("how"), max_length=10, choices=How.choices, editable=False)
    is_reentry = models.BooleanField(_("again"), default=False, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("undone by"),
    )
    undo_reason = models.CharField(_("why undone"), max_length=300, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(is_reentry=False, undone_at=None),
                name="check_in_once_a_ticket",
            ),
            models.CheckConstraint(
                condition=Q(is_reentry=False) | ~Q(reason=""), name="check_in_again_has_its_reason"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | ~Q(undo_reason=""), name="check_in_undone_has_its_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket} {self.at:%Y-%m-%d %H:%M:%S}"


class Scan(models.Model):
    """One code read at a checkpoint and its answer; the same `key` is the same scan and gets the same answer.

    `link_id` identifies it in the URL of its verdict, so that no URL contains the key. A waiting registration has
    no ticket, hence `registration`. An offline scan is decided again when it is uploaded: `device_verdict` is what
    the device showed, and if that was wrong the scan is a conflict until a person resolves it.
    """

    class Verdict(models.TextChoices):
        IN = "in", _("in")
        ALREADY = "already", _("already in")
        OTHER_EVENT = "other_event", _("wrong event")
        OTHER_DAY = "other_day", _("wrong day")
        TOO_SOON = "too_soon", _("not yet open")
        WAITING = "waiting", _("waiting, no seat")
        CANCELLED = "cancelled", _("cancelled")
        REISSUED = "reissued", _("re-issued")
        UNKNOWN = "unknown", _("unknown")
        UNREADABLE = "unreadable", _("not readable")

    key = models.UUIDField(unique=True, default=random_key, editable=False)
    link_id = link_id_field()
    at = models.DateTimeField(_("at"), editable=False)
    received_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+", verbose_name=_("by")
    )
    gate = models.ForeignKey(
        Gate, models.SET_NULL, null=True, related_name="scans", editable=False, verbose_name=_("gate")
    )
    where = models.CharField(_("where"), max_length=100, editable=False)
    ticket = models.ForeignKey(
        Ticket,
        models.CASCADE,
        null=True,
        related_name="scans",
        editable=False,
        verbose_name=_("ticket"),
    )
    registration = models.ForeignKey(
        Registration,
        models.CASCADE,
        null=True,
        related_name="scans",
        editable=False,
        verbose_name=_("registration"),
    )
    verdict = models.CharField(_("verdict"), max_length=15, choices=Verdict.choices, editable=False)
    device_verdict = models.CharField(
        _("shown without a network"), max_length=15, choices=Verdict.choices, blank=True, editable=False
    )
    is_offline = models.BooleanField(_("without a network"), default=False, editable=False)
    is_conflict = models.BooleanField(_("conflict"), default=False, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    note = models.CharField(_("note"), max_length=300, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["received_at"],
                name="scan_conflicts",
                condition=Q(is_conflict=True, resolved_at=None),
            ),
            models.Index(fields=["user", "received_at"], name="scan_unknown", condition=Q(verdict="unknown")),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.at:%Y-%m-%d %H:%M:%S}"


class SearchCount(models.Model):
    """How often one user searched for names at the door within one hour; the names are not stored.

    Both the counter of the limit and the record of it. `minute` and `in_minute` count the latest minute.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+", verbose_name=_("user")
    )
    hour = models.DateTimeField(_("hour"), editable=False, help_text=_("When it began."))
    minute = models.PositiveSmallIntegerField(editable=False)
    in_minute = models.PositiveIntegerField(editable=False)
    searches = models.PositiveIntegerField(_("searches"), editable=False)
    refused = models.PositiveIntegerField(_("refused"), default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "hour"], name="search_count_once_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.hour:%Y-%m-%d %H:%M}: {self.searches}"


class Alert(models.Model):
    """Something unusual that an organiser should look at: one row per kind and subject until it has been seen.

    `filters` select the registrations concerned in the admin's list. `notified_count` is the count last mailed to the
    owners, at `notified_at`.
    """

    class Kind(models.TextChoices):
        GUESSING = "guessing", _("codes are being guessed")
        CLUSTER = "cluster", _("many registrations of one kind")
        SEARCHING = "searching", _("too many names searched for at the door")
        SENDER = "sender", _("the mail provider refuses our mails")
        UPLOAD = "upload", _("scans of a gate uploaded by another account")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, editable=False)
    subject = models.CharField(_("about"), max_length=100, editable=False)
    filters = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    count = models.PositiveIntegerField(_("how often"), default=1, editable=False)
    first_at = models.DateTimeField(_("first"), editable=False)
    last_at = models.DateTimeField(_("last"), editable=False)
    notified_at = models.DateTimeField(_("mailed"), null=True, editable=False)
    notified_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    seen_at = models.DateTimeField(_("seen"), null=True, editable=False)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("seen by"),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(seen_at=None), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
