"""What the two commands say on the terminal."""


class Refusal(Exception):
    """The command cannot go on; the text says why and what to do, in one line."""


def say(line: str = "") -> None:
    """One line on the terminal, at once."""
    print(line, flush=True)
