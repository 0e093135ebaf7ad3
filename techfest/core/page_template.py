"""Pages that are rendered once and served to many people, with slots for what differs between them.

The template receives one private-use character for each slot; a single pass over the finished page replaces it.
No text that people can type contains such a character (`registrations.fields` rejects them).
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.utils.html import conditional_escape

MAX_PAGES = 200
"""Rendered pages in one cache; combinations of filters make many."""
_FIRST = 0x100000
"""The first private-use character of Unicode's last plane; icon fonts of organisers use those of the first plane."""


class PageCache:
    """Rendered pages by what they show. When it is full, the oldest page makes room for a new one.

    Pages that visitors really ask for are rendered again at once, and invented combinations do not stay.
    """

    def __init__(self) -> None:
        self._pages: dict[Hashable, str] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._pages

    def get_or_render(self, key: Hashable, render: Callable[[], str]) -> str:
        """The page of this key, rendered on first use.

        `key` must contain everything the page depends on, and nothing else that a visitor can make up.
        """
        page = self._pages.get(key)
        if page is None:
            page = render()
            if len(self._pages) >= MAX_PAGES and key not in self._pages:
                self._pages.pop(next(iter(self._pages)), None)
            self._pages[key] = page
        return page


class PageTemplate:
    """The slots of one page, in the order in which they are created."""

    def __init__(self) -> None:
        self._parts: dict[int, str] = {}

    def slot(self, part: Any) -> Any:
        """A placeholder for `part`, to be put into the context; an empty part is returned as it is."""
        if not part:
            return part
        character = _FIRST + len(self._parts)
        self._parts[character] = str(conditional_escape(part))
        return chr(character)

    def slots(self, part: str) -> str:
        """One placeholder for each character of `part`, for templates that take the text apart."""
        return "".join(self.slot(character) for character in part)

    def fill(self, page: str) -> str:
        """The page with all slots filled. Parts are escaped unless they were marked as safe."""
        return page.translate(self._parts)

    def page(self, cache: PageCache, shape: Hashable, render: Callable[[], str]) -> str:
        """The filled page, rendered only if the cache has no page of this shape.

        `shape` must differ whenever anything but the slots differs.
        """
        return self.fill(cache.get_or_render(shape, render))
