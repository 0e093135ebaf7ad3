"""The error pages that stand without the application are those of its templates."""

import re

import pytest

from deploy.error_pages import FOLDER, PAGES, rendered


@pytest.mark.parametrize("name", PAGES)
def test_page_is_the_one_of_its_template(name: str) -> None:
    """After a change of the templates: ``python -m deploy.error_pages``."""
    assert (FOLDER / f"{name}.html").read_text() == rendered(PAGES[name])


def test_no_other_page_is_there() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_page_needs_nothing_but_plain_static_files(name: str) -> None:
    page = (FOLDER / f"{name}.html").read_text()
    assert page.startswith("<!doctype html>")
    assert 'href="/static/css/site.css"' in page
    scripts = ['<script type="module" src="/static/js/again.js">'] if name.startswith("503") else []
    assert re.findall("<script[^>]*>", page) == scripts
