"""Settings that the product's peers share with it: the same driver, connections, middleware and server."""

import os
from typing import Any

import environ
from psycopg import IsolationLevel


def peer_settings(package: str) -> dict[str, Any]:
    """Django's settings of a peer; ``package`` holds its models, forms, views, urls and templates."""
    database = environ.Env().db_url("DATABASE_URL")
    options = dict(database.pop("OPTIONS", {}))
    database["HOST"] = options.pop("host", database["HOST"])
    return {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost"],
        "INSTALLED_APPS": ["django.contrib.staticfiles", package],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        "ROOT_URLCONF": f"{package}.urls",
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        "STATIC_URL": "static/",
        "USE_TZ": True,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DATABASES": {
            "default": {
                **database,
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
                "OPTIONS": {
                    "isolation_level": IsolationLevel.READ_COMMITTED,
                    "server_side_binding": True,
                    "prepare_threshold": 2,
                    **options,
                },
            }
        },
    }
