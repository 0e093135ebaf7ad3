"""When a start has succeeded: pages are served, whatever mails and workers do."""

import json

import pytest

from deploy.launcher.readiness import MAY_FOLLOW, serves_pages, what_follows
from techfest.health import PARTS


def page(*unwell: str) -> str:
    parts = {name: {"ok": name not in unwell, "text": f"words of {name}"} for name in PARTS}
    return json.dumps({"ready": not unwell, "parts": parts})


@pytest.mark.parametrize(
    "unwell",
    [
        ("provider",),
        ("mail",),
        ("workers",),
        ("restore",),
        ("mail", "provider", "workers"),
        tuple(sorted(MAY_FOLLOW)),
    ],
)
def test_what_no_page_needs_stops_no_start_and_is_named_in_one_line(unwell: tuple[str, ...]) -> None:
    text = page(*unwell)
    assert serves_pages(text)
    line = what_follows(text)
    assert [f"{name}: words of {name}" in line for name in unwell] == [True] * len(unwell)
    assert ("/admin/held-mails/" in line, "\n" in line) == ("restore" in unwell, False)


@pytest.mark.parametrize("part", sorted(set(PARTS) - MAY_FOLLOW))
def test_what_pages_need_stops_the_start(part: str) -> None:
    """The negative control; together with what may follow it is every part."""
    assert part in {"database", "migrations", "broker"}
    assert not serves_pages(page(part))
    assert not serves_pages(page(part, "provider"))


def test_all_well_has_nothing_to_say() -> None:
    assert (serves_pages(page()), what_follows(page())) == (True, "")


@pytest.mark.parametrize("text", ["", "Connection refused", "[]", '{"parts": 3}', '{"parts": {"mail": 3}}'])
def test_what_is_no_readiness_page_stops_the_start(text: str) -> None:
    assert not serves_pages(text)
