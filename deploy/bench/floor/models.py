"""The floor's only table."""

from django.db import models


class Entry(models.Model):
    name = models.CharField(max_length=200)
    school = models.CharField(max_length=200)
    grade = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=20, blank=True)
    roll_number = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    event = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name
