"""What a first visit to a page of the admin loads: its HTML with all styles and scripts, as nginx sends them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from django.conf import settings
from django.contrib import admin
from django.db.models import Model

from techfest.core.admin.base import page_of
from techfest.tests.support.kept_rows import KeepRows
from tickets.tests.admin_helpers import add_path, list_path, organiser_client
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db

KB = 1000
MOST = 60 * KB
LINKED = re.compile(
    r'<(?:link [^>]*rel="stylesheet"[^>]*?|link |script [^>]*)(?:href|src)="/static/([^"]+\.(?:css|js))"'
)
IMPORTED = re.compile(r'@import url\("([^"]+)"\)')
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture(scope="module", autouse=True)
def _row_of_everything(keep_rows: KeepRows) -> None:
    keep_rows(build_row_of_everything, 1)


@cache
def size(name: str) -> int:
    """The compressed size of a static file, with what it imports."""
    path = Path(settings.STATIC_ROOT) / name
    content = path.read_bytes()
    imported = IMPORTED.findall(content.decode()) if name.endswith(".css") else []
    others = sum(size(str(Path(name).parent / one)) for one in imported)
    return len(brotli.compress(content)) + others


def weight(page: Any) -> int:
    html = page.content.decode()
    return len(brotli.compress(page.content, quality=5)) + sum(map(size, set(LINKED.findall(html))))


def test_weight_counts_html_styles_and_scripts() -> None:
    page = organiser_client().get("/admin/")
    names = {re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in LINKED.findall(page.content.decode())}
    assert names >= {"admin/css/base.css", "css/admin.css", "admin/js/theme.js"}
    assert weight(page) > 10 * KB


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_of_every_table_are_light(model: type[Model]) -> None:
    client, row = organiser_client(), model._default_manager.first()
    paths = [list_path(model), add_path(model), *([page_of(row)] if row else [])]
    pages = {path: client.get(path) for path in paths}
    sizes = {path: weight(page) for path, page in pages.items() if page.status_code == 200}
    assert {path: weighed for path, weighed in sizes.items() if weighed > MOST} == {}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/waiting/",
        "/admin/records/",
        "/admin/search/?q=a",
        "/admin/tickets/documentjob/all/",
    ],
)
def test_pages_of_the_shell_are_light(path: str) -> None:
    page = organiser_client().get(path)
    assert page.status_code == 200
    assert weight(page) <= MOST
