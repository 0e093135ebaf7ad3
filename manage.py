#!/usr/bin/env python
"""Django's command line for techfest."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # What a command writes is private; only the static files are for everybody.
    if "collectstatic" not in sys.argv[1:2]:
        os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
