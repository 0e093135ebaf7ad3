"""The stub's script: one delay, and rules that are used up in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

DEEDS = frozenset(
    {
        "accept",  # take the message and say so
        "status",  # answer `status` (with `retry_after` and `body`), take nothing
        "drop",  # close the connection, take nothing
        "hang",  # never answer, take nothing
        "accept_then_drop",  # take the message, close the connection without a word
        "accept_then_hang",  # take the message, never answer
        "garbage",  # take the message, answer 200 with something that is not JSON
    }
)


class ScriptError(Exception):
    """The script cannot be followed; the text says which part."""


@dataclass
class Rule:
    """What to do with a matching message, ``times`` times (None: for ever)."""

    do: str = "accept"
    times: int | None = 1
    recipient: str | None = None
    status: int = 500
    retry_after: str | None = None
    body: Any = None
    delay: float | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """A rule from JSON; raises ScriptError for an unknown word."""
        try:
            rule = cls(**given)
        except TypeError as error:
            raise ScriptError(str(error)) from error
        if rule.do not in DEEDS:
            raise ScriptError(f"unknown deed {rule.do!r}, one of {', '.join(sorted(DEEDS))}")
        return rule

    def matches(self, recipients: Iterable[str]) -> bool:
        """Whether the rule is not used up and speaks of one of these addresses (or of all)."""
        if self.times == 0:
            return False
        return self.recipient is None or self.recipient.lower() in {one.lower() for one in recipients}


@dataclass
class Script:
    """The delay of every answer in seconds, the lifetime of idempotency keys, and the rules."""

    delay: float = 0.0
    key_seconds: float = 900.0
    rules: list[Rule] = field(default_factory=list)

    def change(self, given: Mapping[str, Any]) -> None:
        """Take over what is given (``delay``, ``key_seconds``, ``rules``), keep the rest."""
        if unknown := set(given) - {"delay", "key_seconds", "rules", "refuse"}:
            raise ScriptError(f"unknown: {', '.join(sorted(unknown))}")
        rules = [Rule.read(rule) for rule in given["rules"]] if "rules" in given else self.rules
        self.delay = float(given.get("delay", self.delay))
        self.key_seconds = float(given.get("key_seconds", self.key_seconds))
        self.rules = rules

    def next_rule(self, recipients: Iterable[str]) -> Rule:
        """The first rule that matches, one use of it spent; plain acceptance where none does."""
        addresses = list(recipients)
        for rule in self.rules:
            if rule.matches(addresses):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return Rule()
