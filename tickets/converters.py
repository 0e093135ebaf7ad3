"""What may stand in the addresses of this room; whatever else is typed there is not even looked up."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from registrations.students.names import ALPHABET


class CodeConverter(StringConverter):
    """Nothing else can be a code of a ticket, a booklet or a delegation."""

    regex = "[A-Za-z0-9_-]{22}"


class ReferenceConverter(StringConverter):
    """Nothing else can be a student's reference."""

    regex = f"[{ALPHABET}]{{7}}"


register_converter(CodeConverter, "code")
register_converter(ReferenceConverter, "reference")
