"""Pages that are rendered once for many people, with holes for what is theirs.

The template sees one private sign where each moving part goes; the parts are put in by one pass over the
finished page. Nothing that people can type holds such a sign (`registrations.fields` refuses them).
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.utils.html import conditional_escape

from events.cache import CachedFest

_FIRST = 0x100000
"""The private signs of Unicode's last plane; organisers' icon fonts use the first one's."""


class PageTemplate:
    """Collects the moving parts of one page, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._parts: dict[int, str] = {}

    def slot(self, part: Any) -> Any:
        """A sign to put into the context instead of `part`; nothing stays nothing, so that `if` still works."""
        if not part:
            return part
        character = _FIRST + len(self._parts)
        self._parts[character] = str(conditional_escape(part))
        return chr(character)

    def slots(self, part: str) -> str:
        """One sign for each sign of `part`, where a template takes it apart."""
        return "".join(self.slot(character) for character in part)

    def fill(self, page: str) -> str:
        """The page of one person; each part is escaped unless it was marked as safe."""
        return page.translate(self._parts)

    def page(self, current: CachedFest, shape: Hashable, render: Callable[[], str]) -> str:
        """The filled page; rendered only where this cached fest has no page of this shape yet.

        `shape` must differ whenever anything but the parts differs.
        """
        kept = current.pages.get(shape)
        if kept is None:
            kept = render()
            current.keep(shape, kept)
        return self.fill(kept)
