"""What the header of the admin shows: the sections that the user may open, and the pages of the section they are in.

A section leads to the first of its pages that the user may open. Permissions are read once per request, so no link
adds a query.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest

from tickets.dashboard.sections import RECORDS, SECTIONS, Label, Link, Section


@dataclass(frozen=True, slots=True)
class Tab:
    """A link as it is shown. `current` is the value of `aria-current`, empty elsewhere."""

    label: Label
    path: str
    current: str
    hint: Label = ""


@dataclass(frozen=True, slots=True)
class Navigation:
    """The sections, the current one with the tabs of its pages, and the page that this page is or belongs to."""

    sections: list[Tab]
    section: Tab | None
    tabs: list[Tab]
    page: Tab | None


def navigation_of(request: HttpRequest) -> Navigation:
    """Return what this user may open. Records have no tabs: their first page lists them."""
    home, current = _home_of(_url_name(request))
    sections, section, tabs = [], None, []
    for one in SECTIONS:
        links = open_links(one, request)
        first = next(links, None)
        if first is None:
            continue
        sections.append(Tab(one.label, first.path, _mark(first.path, request) if one is home else ""))
        if one is home:
            section, tabs = sections[-1], [_tab(link, current, request) for link in (first, *links)]
    page = next((tab for tab in tabs if tab.current), None)
    return Navigation(sections, section, tabs if len(tabs) > 1 and home is not RECORDS else [], page)


def open_links(section: Section, request: HttpRequest) -> Iterator[Link]:
    """Yield the pages of the section that the user may open."""
    return (link for link in section.links if section.is_open_to(request) and link.may_open(request))


def records_of(request: HttpRequest) -> list[Tab]:
    """Return the raw tables, for the page that lists them."""
    return [_tab(link, None, request) for link in open_links(RECORDS, request) if link.table]


def _tab(link: Link, current: Link | None, request: HttpRequest) -> Tab:
    path = link.path
    return Tab(link.label, path, _mark(path, request) if link is current else "", link.hint)


def _mark(path: str, request: HttpRequest) -> str:
    return "page" if path == request.path else "true"


def _url_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.url_name) if match and match.app_name == "admin" else ""


def _home_of(name: str) -> tuple[Section | None, Link | None]:
    """The section and the page to which the URL with this name belongs: that with the longest beginning of it."""
    found: tuple[int, Section | None, Link | None] = (0, None, None)
    for section in SECTIONS:
        for link in section.links:
            length = max((len(one) for one in link.names if name.startswith(one)), default=0)
            if length > found[0]:
                found = (length, section, link)
    return found[1], found[2]
