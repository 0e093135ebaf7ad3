"""What the workers know of each other: when each kind was last heard, and whether the provider takes mails."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Heartbeat(models.Model):
    """When a process of this kind last worked: one row a kind, written every few seconds at most."""

    kind = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class ProviderOutage(models.Model):
    """The provider takes no mails: at most one row, and none while it does.

    Nothing is handed over before `until`; then one mail is tried. `failures` counts the tries that failed in a row.
    """

    started_at = models.DateTimeField()
    until = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="provider_outage_is_one")]

    def __str__(self) -> str:
        return self.reason
