"""The error pages of nginx and Gunicorn, made of the application's templates.

``python -m deploy.error_pages`` writes static/errors. They are committed, because they must be there when nothing else
works; a test compares them with the templates.
"""

import os
import re
import sys
from collections.abc import Mapping

from deploy.launcher import staticfiles
from deploy.launcher.configuration import PLACEHOLDERS
from deploy.launcher.folders import ROOT

# The page's name -> its template. Those of the application itself serve both. "503-sent" answers a form.
PAGES: Mapping[str, str] = {
    "400": "400.html",
    "404": "static_errors/404.html",
    "405": "static_errors/405.html",
    "408": "static_errors/408.html",
    "413": "413.html",
    "500": "500.html",
    "502": "static_errors/502.html",
    "503": "static_errors/503.html",
    "503-sent": "static_errors/503-sent.html",
    "504": "static_errors/504.html",
}
FOLDER = ROOT / "static" / "errors"
# A hashed name is that of one release, and these pages outlive it in the caches of browsers.
_HASHED = re.compile(r'(="/static/[\w/-]+)\.[0-9a-f]{12}\.')


def rendered(template: str) -> str:
    """The page in English, with the plain names of static files and without empty lines."""
    from django.template.loader import render_to_string
    from django.utils import translation

    with translation.override("en"):
        page = render_to_string(template)
    lines = (line.rstrip() for line in _HASHED.sub(r"\1.", page).splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def main() -> int:
    """Write all pages."""
    for name, value in PLACEHOLDERS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("STATIC_ROOT", str(staticfiles.collected()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
    import django

    django.setup()
    for name, template in PAGES.items():
        (FOLDER / f"{name}.html").write_text(rendered(template))
    return 0


if __name__ == "__main__":
    sys.exit(main())
