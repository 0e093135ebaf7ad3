"""What becomes of a value that two people edit at once."""

import pytest

from techfest.core.three_way import Edit, compare


@pytest.mark.parametrize(
    ("shown", "stored", "wanted", "edit"),
    [
        ("a", "a", "a", Edit.NOTHING),
        ("a", "a", "b", Edit.SAVE),
        ("a", "b", "a", Edit.NOTHING),
        ("a", "b", "b", Edit.NOTHING),
        ("a", "b", "c", Edit.CONFLICT),
    ],
)
def test_value_is_saved_only_over_what_was_shown(shown: str, stored: str, wanted: str, edit: Edit) -> None:
    assert compare(shown=shown, stored=stored, wanted=wanted) is edit
