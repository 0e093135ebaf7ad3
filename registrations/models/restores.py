"""The marker of the database, which is compared with the marker file to recognise a restore."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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
