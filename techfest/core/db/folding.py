"""`techfest.core.folding.fold` in the database, as a transform of text columns: `name__folded`.

Columns stay as people typed them and nothing folded is stored, so no write can forget it. It needs neither an extension
nor ICU collations, which a server may lack. A row takes some microseconds: the translation of rare letters compares
each letter with all of them, so only texts that have one are translated.
"""

import re
from functools import cache
from typing import Any

from django.db.models import CharField, TextField, Transform

from techfest.core.folding import APOSTROPHES, MARKS, NASAL, NASAL_SIGN, REPLACED, SEPARATORS, WIDE
from techfest.core.text import IGNORABLES, normalized


@CharField.register_lookup
@TextField.register_lookup
class Folded(Transform):
    """The folded text of a column, with spaces at the ends and between words as they come out."""

    lookup_name = "folded"
    output_field = TextField()

    def as_sql(  # type: ignore[override]  # no other function or template
        self, compiler: Any, connection: Any, **kwargs: Any
    ) -> Any:
        """The column three times, so it must be a column or be cheap."""
        column, params = compiler.compile(self.lhs)
        sql = _sql()
        return sql.replace("{}", column), [*params] * sql.count("{}")


def in_dictionary_order(path: str) -> tuple[str, str]:
    """The terms of `order_by` that sort by this column as a dictionary does: Ärzte beside Arzt, lower and upper case
    together. Equal words are sorted by their signs, so the order never changes between two readings.
    """
    return f"{path}__{Folded.lookup_name}", path


@cache
def _sql() -> str:
    ascii_text = _without("{}", _class("".join(filter(str.isascii, APOSTROPHES))))
    ascii_text = f"lower({_spaced(ascii_text, ''.join(filter(str.isascii, SEPARATORS)))})"
    dropped = _class(APOSTROPHES, ranges=IGNORABLES)
    plain = _without(f"normalize({_without('{}', dropped)}, NFKD)", _class(APOSTROPHES, ranges=MARKS))
    plain = f"regexp_replace({plain}, {_quoted(NASAL)}, {_quoted(NASAL_SIGN)}, 'g')"
    plain = f"lower({_spaced(plain, SEPARATORS)})"
    return (
        f"(CASE WHEN octet_length({{}}) = char_length({{}}) THEN {ascii_text}"
        f" WHEN {{}} ~ {_quoted(_class(_replaced_in_any_form()))} THEN {_replaced(plain)} ELSE {plain} END)"
    )


def _replaced(text: str) -> str:
    text = f"translate({text}, {_quoted(''.join(REPLACED))}, {_quoted(''.join(REPLACED.values()))})"
    for letter, two in WIDE.items():
        text = f"replace({text}, {_quoted(letter)}, {_quoted(two)})"
    return text


def _replaced_in_any_form() -> str:
    """The letters that are replaced, and the characters of the basic plane that normalise to one of them."""
    wanted = REPLACED.keys() | WIDE.keys()
    points = map(chr, (*range(128, 0xD800), *range(0xE000, 0x10000)))
    return "".join(one for one in points if not wanted.isdisjoint(one + normalized("NFKD", one).lower()))


def _without(text: str, signs: str) -> str:
    return f"regexp_replace({text}, {_quoted(signs)}, '', 'g')"


def _spaced(text: str, separators: str) -> str:
    return f"regexp_replace({text}, {_quoted(_class(separators) + '+')}, ' ', 'g')"


def _class(signs: str, *, ranges: str = "") -> str:
    r"""A bracket expression of these signs; ranges are written as `a-z`."""
    return "[" + re.sub(r"([\\\]\[^-])", r"\\\1", signs) + ranges + "]"


def _quoted(text: str) -> str:
    """A literal, also where the statement has parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
