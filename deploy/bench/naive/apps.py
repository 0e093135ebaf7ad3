"""The naive endpoint's only app."""

from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "deploy.bench.naive"
    label = "naive"
