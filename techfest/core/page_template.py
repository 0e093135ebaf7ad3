"""Pages that are rendered once and served to many people, with slots for what differs between them.

The template receives one private-use character for each slot. The rendered page is cut at these characters once, and
each visitor's page is joined from the pieces between them and the visitor's own parts.
No text that people can type contains such a character (`registrations.fields` rejects them).
"""

import re
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from django.utils.html import conditional_escape

MAX_PAGES = 200
"""Rendered pages in one cache; combinations of filters make many."""
_FIRST = 0x100000
"""The first private-use character of Unicode's last plane; icon fonts of organisers use those of the first plane."""

Page = TypeVar("Page")


class PageCache:
    """Rendered pages by what they show. When it is full, the oldest page makes room for a new one.

    Pages that visitors really ask for are rendered again at once, and invented combinations do not stay.
    """

    def __init__(self) -> None:
        self._pages: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._pages

    def get_or_render(self, key: Hashable, render: Callable[[], Page]) -> Page:
        """The page of this key, rendered on first use.

        `key` must contain everything the page depends on, and nothing else that a visitor can make up.
        """
        page: Page | None = self._pages.get(key)
        if page is None:
            page = render()
            if len(self._pages) >= MAX_PAGES and key not in self._pages:
                self._pages.pop(next(iter(self._pages)), None)
            self._pages[key] = page
        return page


class _Pieces(NamedTuple):
    """A rendered page, cut at its slots: `texts` has a place for each of them, in the order of `slots`."""

    texts: list[str]
    slots: list[int]


class PageTemplate:
    """The slots of one page, in the order in which they are created."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def slot(self, part: Any) -> Any:
        """A placeholder for `part`, to be put into the context; an empty part is returned as it is."""
        if not part:
            return part
        self._parts.append(str(conditional_escape(part)))
        return chr(_FIRST + len(self._parts) - 1)

    def slots(self, part: str) -> str:
        """One placeholder for each character of `part`, for templates that take the text apart."""
        return "".join(self.slot(character) for character in part)

    def fill(self, page: str) -> str:
        """The page with all slots filled. Parts are escaped unless they were marked as safe."""
        return self._join(self._cut(page))

    def page(self, cache: PageCache, shape: Hashable, render: Callable[[], str]) -> str:
        """The filled page, rendered only if the cache has no page of this shape.

        `shape` must differ whenever anything but the slots differs.
        """
        return self._join(cache.get_or_render(shape, lambda: self._cut(render())))

    def _cut(self, page: str) -> _Pieces:
        if not self._parts:
            return _Pieces([page], [])
        texts = re.split(f"([{chr(_FIRST)}-{chr(_FIRST + len(self._parts) - 1)}])", page)
        return _Pieces(texts, [ord(slot) - _FIRST for slot in texts[1::2]])

    def _join(self, pieces: _Pieces) -> str:
        texts = pieces.texts.copy()
        texts[1::2] = [self._parts[slot] for slot in pieces.slots]
        return "".join(texts)
