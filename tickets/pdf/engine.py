"""Loads WeasyPrint on first use, so that only processes that make PDFs pay for it and need its libraries.

Also checks that the libraries are there, and limits the memory of such a process.
"""

import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.template.loader import get_template

from tickets.pdf.layout import FONTS

TICKET = "ticket.css"
INSTALL = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class Unavailable(Exception):
    """WeasyPrint cannot be loaded; the text says in one line what to install."""


class Incomplete(Exception):
    """WeasyPrint left something out, so the PDF cannot be used."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One font configuration and the parsed style sheets, kept for the life of the process."""

    weasyprint: Any
    fonts: Any
    fetcher: Any
    styles: dict[str, Any] = field(default_factory=dict)
    images: dict[str, Any] = field(default_factory=dict)

    def write(self, pages: list[Any], *, title: str, language: str) -> bytes:
        """Returns the PDF of `pages`, which may be laid out while they are painted. Raises Incomplete."""
        metadata = self.weasyprint.document.DocumentMetadata(title=title, lang=language)
        document = self.weasyprint.Document(pages, metadata, self.fetcher, self.fonts, {}, None)
        with errors_raised():
            pdf: bytes = document.write_pdf()
        return pdf

    def lay_out(self, html: str, *, style: str = TICKET) -> list[Any]:
        """Returns WeasyPrint's pages of `html` with this style sheet. Nothing else is loaded."""
        if len(self.images) > 16:
            self.images.clear()
        source = self.weasyprint.HTML(string=html, url_fetcher=self.fetcher)
        pages: list[Any] = source.render(
            stylesheets=[self.style(style)], font_config=self.fonts, cache=self.images
        ).pages
        return pages

    def style(self, name: str) -> Any:
        """Returns the parsed style sheet of this name; parsing takes longer than laying out a page."""
        if name not in self.styles:
            sheet = get_template(f"tickets/pdf/{name}").render()
            self.styles[name] = self.weasyprint.CSS(
                string=sheet, font_config=self.fonts, url_fetcher=self.fetcher
            )
        return self.styles[name]


@cache
def engine() -> Engine:
    """Loads WeasyPrint with the committed fonts only. Raises Unavailable."""
    # Fontconfig reads this when the libraries start, so it is set before they are loaded.
    os.environ["FONTCONFIG_FILE"] = str(FONTS / "fonts.conf")
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise Unavailable(f"No PDF can be made. To install what is missing: {INSTALL}") from error
    fonts = FontConfiguration()
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    found = Engine(weasyprint, fonts, fetcher)
    found.style(TICKET)
    return found


@contextmanager
def errors_raised() -> Iterator[None]:
    """Raises Incomplete after a block in which WeasyPrint logged an error.

    It logs one, and continues without it, for each picture, inline SVG or URL that it cannot use.
    """
    collector = _ErrorCollector(logging.ERROR)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
    if collector.texts:
        raise Incomplete("; ".join(collector.texts))


class _ErrorCollector(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def missing() -> str:
    """Returns one line that says what to install; empty if nothing is missing."""
    try:
        engine()
    except Unavailable as lack:
        return str(lack)
    return ""


def is_available() -> bool:
    """Whether this process can make PDFs. Loads WeasyPrint: for workers and checks, never for a web request."""
    return not missing()


def limit_memory(megabytes: int) -> None:
    """Limits the private memory of this process and its children to `megabytes`.

    Beyond it Python raises MemoryError, and C libraries abort the process, which the worker's parent notices.
    RLIMIT_DATA counts heap, anonymous maps and thread stacks (Linux 4.7 and later), but not fonts and libraries mapped
    from files; RLIMIT_AS counts those too and could only be guessed.
    """
    wanted = megabytes * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    maximum = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (maximum, hard))
