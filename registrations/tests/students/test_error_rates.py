"""How often the rule about the same child errs, counted over some thousand generated pairs; `pytest -s` shows them."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from registrations.students.likeness import Likeness, likeness
from registrations.tests.builders.child_pairs import SAME_CHILD, SLIPS, Pair, of_one_child, of_two_children


def shares(pairs: Iterable[Pair]) -> dict[str, Counter[Likeness]]:
    """Count the answers by kind of pair, and show them."""
    found: dict[str, Counter[Likeness]] = defaultdict(Counter)
    for kind, one, other in pairs:
        found[kind][likeness(one, other)] += 1
    for kind, counts in found.items():
        show(f"{kind:32}", *(f"{level.name.lower()} {counts[level]}" for level in Likeness))
    return found


def show(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def total(found: dict[str, Counter[Likeness]], *, at_least: Likeness) -> tuple[int, int]:
    """How many pairs are at least so alike, of how many."""
    every = sum(found.values(), Counter[Likeness]())
    return sum(many for level, many in every.items() if level >= at_least), every.total()


def test_one_child_in_two_spellings_is_nearly_always_found() -> None:
    found = shares(of_one_child(SAME_CHILD, 400))
    asked, every = total(found, at_least=Likeness.PROBABLE)
    show("found by all:", asked, "of", every)
    assert every > 4_000
    assert asked >= 0.995 * every
    assert all(counts[Likeness.DIFFERENT] <= 0.1 * counts.total() for counts in found.values())


def test_slips_of_the_hand_are_mostly_found_by_staff() -> None:
    found = shares(of_one_child(SLIPS, 400))
    asked, every = total(found, at_least=Likeness.POSSIBLE)
    show("found by staff:", asked, "of", every)
    assert every > 1_200
    assert asked >= 0.9 * every


def test_two_children_are_never_merged_and_hardly_ever_asked_about() -> None:
    found = shares(of_two_children(700))
    merged, every = total(found, at_least=Likeness.RESPELT)
    public, _every = total(found, at_least=Likeness.PROBABLE)
    staff, _every = total(found, at_least=Likeness.POSSIBLE)
    show("merged:", merged, "asked:", public, "asked of staff:", staff, "of", every)
    assert every > 5_000
    assert merged == 0
    assert public == 0
    assert staff <= 0.02 * every


@pytest.mark.parametrize("level", [Likeness.SAME, Likeness.RESPELT])
def test_negative_control_equal_letters_alone_would_not_find_most(level: Likeness) -> None:
    """A rule that only folds spellings misses initials and parts left out; the third level is needed."""
    found = shares(of_one_child(SAME_CHILD, 100))
    asked, every = total(found, at_least=level)
    assert asked < 0.95 * every
