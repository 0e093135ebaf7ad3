"""An event that counts its own seats, and who came."""

from typing import Any, ClassVar

from django.db import models


class Event(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return self.slug


class Entry(models.Model):
    event = models.ForeignKey(Event, models.CASCADE)
    name = models.CharField(max_length=200)
    school = models.CharField(max_length=200)
    grade = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=20, blank=True)
    roll_number = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    is_confirmed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
