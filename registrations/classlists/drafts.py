"""A class list as it is kept between two visits: its stored rows are the sheet that is read anew each time."""

from dataclasses import dataclass

from registrations.classlists.checking import events_offered
from registrations.models import ClassList
from registrations.sheets.headers import Column, Header, Meaning
from registrations.sheets.rows import listing_of
from registrations.sheets.sheet import Row, Sheet
from registrations.sheets.students import Listing


@dataclass(frozen=True, slots=True)
class Draft:
    """What a list says now."""

    class_list: ClassList
    sheet: Sheet
    header: Header
    listing: Listing


def read_draft(class_list: ClassList) -> Draft:
    """The rows that take part, as they stand now, with all their problems."""
    rows = class_list.rows.filter(is_left_out=False).values_list("number", "cells")
    sheet = Sheet(tuple(Row(number, tuple(cells)) for number, cells in rows), encoding=class_list.encoding)
    columns = (
        Column(position, title, Meaning(meaning), event)
        for position, (title, meaning, event) in enumerate(class_list.columns)
    )
    header = Header(0, tuple(columns))
    listing = listing_of(
        sheet,
        header,
        grades=class_list.fest.grades,
        events=events_offered(class_list.fest),
        events_for_all=class_list.events_for_all,
    )
    return Draft(class_list, sheet, header, listing)
