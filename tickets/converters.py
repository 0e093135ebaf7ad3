"""URL converters for codes and references. Any other value is answered with 404 without a query."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from registrations.students.names import ALPHABET


class CodeConverter(StringConverter):
    """The code of a ticket, a document, or a delegation."""

    regex = "[A-Za-z0-9_-]{22}"


class ReferenceConverter(StringConverter):
    """A student's reference."""

    regex = f"[{ALPHABET}]{{7}}"


register_converter(CodeConverter, "code")
register_converter(ReferenceConverter, "reference")
