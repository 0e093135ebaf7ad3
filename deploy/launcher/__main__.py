"""``python -m deploy.launcher up``, ``test`` or ``bench``: where the commands enter."""

import sys

from . import benching, testing, up
from .words import Refusal, say


def main(arguments: list[str]) -> int:
    command, *rest = arguments
    try:
        return {"up": up.main, "test": testing.main, "bench": benching.main}[command](rest)
    except Refusal as refusal:
        say(f"{refusal}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
