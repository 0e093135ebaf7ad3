#!/usr/bin/env python
"""Django's command line for techfest."""

import os
import sys
from pathlib import Path

from deploy.launcher import stepdown
from deploy.launcher.words import Refusal

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
    try:
        data = Path(os.environ.get("TECHFEST_DATA") or Path(__file__).parent / "var").resolve()
        stepdown.begin_command(data, sys.argv[1:])
    except Refusal as refusal:
        sys.exit(f"manage.py: {refusal}")

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
