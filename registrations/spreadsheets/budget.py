"""An end to the reading of one list, in processor time: a busy machine refuses nobody's good file."""

import time

from registrations.spreadsheets.errors import FileRefused

SECONDS = 3.0
"""Of this thread. A class list of 1,000 rows takes a tenth of it."""


class Budget:
    """What is left of the processor time for one list; each row asks for it."""

    def __init__(self, *, is_paste: bool = False) -> None:
        self._ends, self._is_paste = time.thread_time() + SECONDS, is_paste

    def check(self) -> None:
        """Raises FileRefused once it is used up."""
        if time.thread_time() > self._ends:
            raise FileRefused("slow", is_paste=self._is_paste)
