"""Limits of size and content for templates, styles and scripts, checked in the files."""

import gzip
import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from PIL import Image

from techfest.static_files import without_comments

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
HANDED_OUT = {"data_of_one.html"}
"""Files that people download; the content security policy does not apply to them."""
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if not {"mail", "pdf", "admin"} & set(path.parts) and path.name not in HANDED_OUT
)
ERROR_PAGES = sorted((STATIC / "errors").glob("*.html"))
KB = 1024
ACCENTS = ("indigo", "teal", "crimson", "amber", "forest", "violet", "cobalt", "slate")


def compressed(path: Path) -> int:
    content = path.read_bytes()
    return len(gzip.compress(without_comments(content) if path.suffix == ".css" else content, mtime=0))


def test_stylesheet_within_budget() -> None:
    assert compressed(STATIC / "css" / "site.css") <= 6 * KB


def test_scripts_within_budget() -> None:
    """What a page loads; the longest are the form after an error and its page in the queue."""
    sizes = {path.name: compressed(path) for path in (STATIC / "js").glob("*.js")}
    loaded = {
        path.name: sum(sizes[name] for name in set(re.findall(r"js/(\w+\.js)", path.read_text())))
        for path in (ROOT / "templates").rglob("*.html")
    }
    named = {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"js/(\w+\.js)", path.read_text())
    }
    assert set(sizes) == named | {"check_list.js"}  # the media of a widget of the admin
    assert max(loaded.values()) <= 2 * KB


STATIC_IMPORT = re.compile(r"""^import [^(]*?["']\./([\w.]+)["']""", re.M | re.S)


def test_first_load_of_the_scanner_within_budget() -> None:
    """What a page of the door waits for, as it is served: its scripts and what they import. The rest comes behind."""
    folder = STATIC / "js" / "checkin"
    loaded, found = set(), ["scanner.js", "logout.js"]
    while found:
        name = found.pop()
        if name not in loaded:
            loaded.add(name)
            found += STATIC_IMPORT.findall((folder / name).read_text())
    assert loaded == {"logout.js", "page.js", "scanner.js", "server.js", "verdict.js"}
    assert sum(len(brotli.compress((folder / name).read_bytes())) for name in loaded) <= 6 * KB


def test_scripts_of_the_scanner_do_not_grow() -> None:
    """All that the phone caches on the first visit, as it is served. The decoder is apart."""
    scripts = [path.read_bytes() for path in (STATIC / "js" / "checkin").glob("*.js")]
    assert sum(len(brotli.compress(script)) for script in scripts) <= 17 * KB


def test_preview_picture_fits_a_link_preview() -> None:
    path = STATIC / "img" / "preview.jpg"
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert path.stat().st_size <= 200 * KB


def test_stylesheet_knows_every_accent() -> None:
    """Indigo is the default and has no class."""
    css = (STATIC / "css" / "site.css").read_text()
    assert sorted(re.findall(r"^\.accent-(\w+)", css, re.M)) == sorted(set(ACCENTS) - {"indigo"})


def in_the_dark(css: str) -> dict[str, str]:
    """The declarations that hold only in the dark."""
    found: dict[str, str] = {}
    for start in re.finditer(r"prefers-color-scheme:\s*dark\)\s*\{", css):
        depth, end = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        found |= dict(re.findall(r"([\w-]+):\s*([^;{}]+)[;}]", css[start.end() : end]))
    return found


COLOUR = re.compile(r"(?:(?:-?[\d.]+(?:px)? )+)?(?:#[0-9a-f]{3,8}|var\(--[\w-]+\))|dark")
"""A colour, also of a shadow."""


def not_about_colours(css: str) -> dict[str, str]:
    declared = in_the_dark(css).items()
    return {
        name: value for name, value in declared if not COLOUR.fullmatch(re.sub(r"\s+", " ", value.strip()))
    }


def test_nothing_but_colours_differs_in_the_dark() -> None:
    """So that a page looked at in light needs only its colours looked at in the dark."""
    sheets = [path.read_text() for path in (STATIC / "css").glob("*.css")]
    assert sum(len(in_the_dark(css)) > 2 for css in sheets) >= 3
    assert [found for found in map(not_about_colours, sheets) if found] == []
    assert not_about_colours("@media (prefers-color-scheme: dark) { a { color: #fff; margin: 1px; } }") == {
        "margin": "1px"
    }


def test_stylesheet_asks_for_nothing_else() -> None:
    css = (STATIC / "css" / "site.css").read_text()
    assert re.findall(r"url\(|@import|https?:", css.replace("href^=http", "")) == []


def test_stylesheet_has_only_logical_directions() -> None:
    css = (STATIC / "css" / "site.css").read_text()
    physical = (
        r"(?:margin|padding|border)-(?:left|right)\b|[;{\s](?:left|right|float)\s*:|align:\s*(?:left|right)"
    )
    assert re.findall(physical, css) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *ERROR_PAGES], ids=lambda path: path.name)
def test_page_has_nothing_inline(path: Path) -> None:
    """The content security policy would block it."""
    text = re.sub(r"\{%.*?%\}", "", path.read_text())
    assert re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text) == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_page_does_not_load_itself_again_without_a_script(path: Path) -> None:
    """That would move the focus of a screen reader. A script replaces a part of the page, or a person uses a link."""
    assert "http-equiv" not in path.read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_times_for_machines_have_no_microseconds(path: Path) -> None:
    times = re.findall(r'datetime="([^"]*"?[^"]*"?)">', path.read_text())
    assert [one for one in times if not re.search(r'\|(?:machine_time|date:"Y-m-d")', one)] == []


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.name)
def test_error_page_stands_alone(path: Path) -> None:
    text = path.read_text()
    assert len(re.findall(r"<h1>", text)) == len(re.findall(r"<footer", text)) == 1
    assert "{%" not in text
    assert re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert [name for name in re.findall(r'"/static/([^"]+)"', text) if not (STATIC / name).exists()] == []
    assert '<main id="main-content"' in text


def test_grey_words_of_mails_are_readable_in_the_dark() -> None:
    """Dark mode of mails works by classes; an inline colour would stay dark on dark."""
    mails = sorted((ROOT / "templates" / "mail").rglob("*.html"))
    tags = [
        tag
        for path in mails
        for tag in re.findall(r"<\w+ [^>]*color:#(?:5c5c6e|1c1c28)[^>]*>", path.read_text())
    ]
    assert len(tags) >= 8
    assert [tag for tag in tags if not re.search(r'class="(?:page|quiet|code)"', tag)] == []


def test_no_line_of_a_template_style_or_script_is_longer_than_an_editor_shows() -> None:
    files = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    files += [path for kind in ("css", "js") for path in (STATIC / kind).rglob(f"*.{kind}")]
    assert len(files) > 200
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []
