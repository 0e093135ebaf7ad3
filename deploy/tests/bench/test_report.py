"""What a bench shows at its end, and what it says on a machine where something is missing."""

import resource
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from deploy.bench import lanes
from deploy.bench.exchange import Exchange
from deploy.bench.goals import Goal, as_json, table
from deploy.bench.lanes import Lane, asking
from deploy.bench.plot import MAX_POINTS, answers_over_time
from deploy.bench.visitors import displacement
from deploy.launcher import benching, debian
from deploy.launcher.folders import ROOT
from deploy.launcher.words import Refusal

BENCHES = ROOT / "deploy" / "bench"


def test_table_shows_goal_and_figure_and_whether_it_is_reached() -> None:
    goals = [
        Goal("last redirect", 1.25, 1.3, "s"),
        Goal("errors", 3, 0),
        Goal("against the floor", 0.8, 0.75, at_least=True),
        Goal("mails", None, 60, "s"),
    ]
    lines = [line.split() for line in table(goals).splitlines()]
    assert lines == [
        ["goal", "measured", "reached"],
        ["last", "redirect", "<=", "1.3", "s", "1.25", "s", "yes"],
        ["errors", "<=", "0", "3", "NO"],
        ["against", "the", "floor", ">=", "0.75", "0.8", "yes"],
        ["mails", "<=", "60", "s", "not", "measured", "NO"],
    ]
    assert as_json(goals)[0] == {"goal": "last redirect <= 1.3 s", "measured": 1.25, "reached": True}


def test_plot_has_a_rising_line_for_each_curve(tmp_path: Path) -> None:
    many = [number / 100 for number in range(5000, 0, -1)]
    file = answers_over_time(tmp_path / "a.svg", "Rush & queue", {"all": many, "few": [1.0, 2.0], "none": []})
    drawn = ET.fromstring(file.read_text())  # noqa: S314  # written by us
    lines = [line.get("points") or "" for line in drawn if line.tag.endswith("polyline")]
    assert len(lines) == 2
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.split()]
        assert len(points) <= MAX_POINTS + 102
        assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    words = [text.text or "" for text in drawn if text.tag.endswith("text")]
    assert {"Rush & queue", "all: 5000, last after 50.00 s", "few: 2, last after 2.00 s"} <= set(words)


def exchange(finished_at: float) -> Exchange:
    made = Exchange(b"")
    made.finished_at = finished_at
    return made


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        ([1, 2, 3, 4], {"p95": 0.0, "last": 0.0}),
        ([2, 1, 3, 4], {"p95": 0.25, "last": 0.25}),
        ([4, 1, 2, 3], {"p95": 0.75, "last": 0.75}),
        ([], {}),
    ],
)
def test_distance_from_the_turn_is_a_share_of_all(finished: list[float], expected: dict[str, float]) -> None:
    assert displacement([exchange(at) for at in finished]) == expected


def test_lane_keeps_waits_and_statuses_and_counts_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PAUSE", 0.01)
    answers = iter([(200, 0.5), (503, 0.1)])

    def probe() -> tuple[int, float]:
        try:
            return next(answers)
        except StopIteration:
            raise ConnectionRefusedError from None

    lane = Lane("door", probe)
    with asking([lane]):
        while len(lane.seconds) < 3:
            pass
    assert lane.report()["statuses"].keys() == {200, 503, 0}
    assert lane.report()["seconds"]["last"] == 0.5


def test_missing_program_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "install", lambda packages: False)
    with pytest.raises(Refusal, match="This bench needs: sudo apt-get install nginx-light"):
        benching.have_programs({"no-such-nginx": "nginx-light"})


def test_program_that_can_be_installed_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def install(packages: list[str]) -> bool:
        asked.append(packages)
        (tmp_path / "nginx-of-tests").write_text("")
        (tmp_path / "nginx-of-tests").chmod(0o755)
        return True

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(debian, "install", install)
    benching.have_programs({"nginx-of-tests": "nginx-light"})
    assert asked == [["nginx-light"]]


def test_each_bench_can_be_run_by_its_name() -> None:
    modules = {file.stem for file in BENCHES.glob("*.py")} | {
        file.parent.name for file in BENCHES.glob("*/__main__.py")
    }
    assert benching.BENCHES.keys() <= modules
    with_main = {
        name
        for name in modules
        if (BENCHES / f"{name}.py").is_file() and "argparse" in (BENCHES / f"{name}.py").read_text()
    }
    assert with_main - {"load"} <= benching.BENCHES.keys()
    said = subprocess.run([BENCHES / "run"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout.strip()) == (
        1,
        f"usage: deploy/bench/run {'|'.join(benching.BENCHES)} [options]",
    )


def test_too_few_open_files_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    with pytest.raises(Refusal, match="need 20000 open files, this shell allows 4096"):
        benching.raise_open_files(20_000)
