"""Show the errors and the unsaved formulas of a worksheet as text: the workbook reader returns them as empty cells.

This module runs in the process that reads workbooks and must not import Django.
"""

import re

_PREFIX = rb"(?:\w{1,20}:)?"
_ERROR_TYPE = re.compile(rb"""(<%bc\b[^<>]*\s)t=(["'])e\2""" % _PREFIX)
_FORMULA = re.compile(
    rb"<(?P<prefix>%b)c\b(?P<attributes>[^<>]*)(?<!/)>\s*"
    rb"<%bf\b[^<>]*(?:/>|>(?P<formula>[^<>]*)</%bf>)\s*"
    rb"(?:<%bv\b[^<>]*(?:/>|>\s*</%bv>)\s*)?</%bc>" % ((_PREFIX,) * 6)
)
"""A cell with a formula but without a value. No part runs past the next tag, so the time stays linear."""
_TYPE = re.compile(rb"""\st=(["'])(\w+)\1""")


def shown_formulas(part: bytes) -> bytes:
    """Return the XML of a worksheet with an error's name, and a formula without a value, as the text of its cell."""
    return _FORMULA.sub(_shown, _ERROR_TYPE.sub(rb'\1t="str"', part))


def _shown(cell: re.Match[bytes]) -> bytes:
    prefix, attributes = cell["prefix"], cell["attributes"]
    kind = _TYPE.search(attributes)
    if kind and kind[2] == b"str":
        return cell[0]  # its value is an empty text
    text = cell["formula"] or b"?"
    return b'<%bc%b t="str"><%bv>=%b</%bv></%bc>' % (
        prefix,
        _TYPE.sub(b"", attributes),
        prefix,
        text,
        prefix,
        prefix,
    )
