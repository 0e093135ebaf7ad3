"""State that the workers share: their heartbeats, and whether the mail provider accepts mails."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Heartbeat(models.Model):
    """When a process of this kind last worked: one row per kind, written every few seconds at most."""

    kind = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class ProviderOutage(models.Model):
    """An outage of the mail provider: at most one row, and none while the provider works.

    No mail is handed over before `until`; then one is tried. `failures` counts consecutive failed tries.
    """

    started_at = models.DateTimeField()
    until = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="provider_outage_is_one")]

    def __str__(self) -> str:
        return self.reason
