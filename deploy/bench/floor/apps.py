"""The floor's only app."""

from django.apps import AppConfig


class FloorConfig(AppConfig):
    name = "deploy.bench.floor"
    label = "floor"
