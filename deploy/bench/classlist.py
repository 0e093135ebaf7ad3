"""A class of 500 from workbook to seats, against the same rows saved in a loop; and thirty teachers beside clicks.

``python -m deploy.bench.classlist`` writes results/classlist.json. A list goes the way of a teacher: its page before
Confirm over HTTP, the POST of Confirm, the worker. The loop reads the workbook cell by cell and saves what the
product saves, row by row. Rounds are interleaved; medians may be quoted. Reading a file is measured in this process.
"""

import argparse
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

from deploy.bench import fest, rowbyrow
from deploy.bench.ending import end
from deploy.bench.figures import median_of, ratio, spread
from deploy.bench.goals import Goal
from deploy.bench.machine import describe
from deploy.bench.rush import CACHE_SECONDS
from deploy.bench.signedin import SignedIn, sign_in
from deploy.bench.stack import Stack, running_stack

ROWS, TEACHERS, CLICKS, SEATS = 500, 30, 300, 300
TITLES = ("Name", "Grade", "Section", "Roll number", "E-mail", "Events")


class Pupils:
    """Rows of a list whose names no slip of the pen turns into one another."""

    FIRST = ("Asha", "Bilal", "Chen", "Divya", "Esther", "Farid", "Gita", "Harsh", "Indira", "Jonas")

    def rows(self, many: int, event: str, tag: str) -> list[list[str]]:
        """So many pupils of grade 9, each with an address."""
        names = [
            f"{self.FIRST[n % 10]} {self.FIRST[n // 10 % 10]} {self.FIRST[n // 100 % 10]}"
            for n in range(many)
        ]
        return [
            [f"{name} {tag}{n}", "9", "B", str(n + 1), f"{tag}{n}@example.org", event]
            for n, name in enumerate(names)
        ]


def teacher(stack: Stack, number: int) -> tuple[Any, SignedIn]:
    """An approved teacher with a school of their own, signed in."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from registrations.models import School
    from registrations.teachers.onboarding import approved_teacher

    name = f"Class School {number}"
    school, _made = School.objects.get_or_create(
        key=name.lower(), defaults={"name": name, "state": "accepted"}
    )
    login = f"teacher{number}-{secrets.token_hex(4)}"
    user = get_user_model().objects.create(username=login, email=f"{login}@example.org")
    found = approved_teacher(user=user, school=school, by=None, now=timezone.now())
    return found, sign_in(stack, user)


def draft(of: Any, rows: Sequence[Sequence[str]], title: str) -> Any:
    """The list as it stands after the upload."""
    from events.models import Fest
    from registrations.models import ClassList, ClassListRow

    meanings = ("name", "grade", "section", "roll_number", "email", "events")
    class_list = ClassList.objects.create(
        fest=Fest.objects.get(slug="bench"),
        school=of.school,
        owner=of.user,
        title=title,
        digest=b"",
        columns=[[name, meaning, ""] for name, meaning in zip(TITLES, meanings, strict=True)],
    )
    ClassListRow.objects.bulk_create(
        ClassListRow(class_list=class_list, number=number, cells=cells)
        for number, cells in enumerate(rows, 2)
    )
    return class_list


def declaration(key: str) -> dict[str, Any]:
    """The form of Confirm with its declaration ticked."""
    from events.models import Fest
    from registrations.students.consents import teachers_text

    return {
        "how": "good",
        "when_full": "wait",
        "consent": "on",
        "key": key,
        "text": teachers_text(Fest.objects.get(slug="bench")).pk,
    }


def new_key() -> str:
    import uuid

    return str(uuid.uuid4())


def finished(keys: Sequence[str], *, seconds: float = 300) -> float:
    """Seconds until all jobs of these keys are through."""
    from registrations.models import ClassListJob

    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if ClassListJob.objects.filter(key__in=keys, finished_at__isnull=False).count() == len(keys):
            return round(time.monotonic() - began, 3)
        time.sleep(0.01)
    raise TimeoutError("the worker is not through")


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Seconds by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": round(time.perf_counter() - wall, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
    }


def read(data: bytes, of: Any, many: int) -> None:
    """From the bytes of a workbook to the forecast of its rows, as the preview has it."""
    from events.models import Fest
    from registrations.class_lists.forecast import forecast
    from registrations.class_lists.parse import parse_sheet
    from registrations.models import ClassList

    current = Fest.objects.get(slug="bench")
    found = parse_sheet(_sheet(data), current)
    unsaved = ClassList.objects.create(fest=current, school=of.school, owner=of.user, title="", digest=b"")
    rows = len(forecast(unsaved, found.listing).rows)
    unsaved.delete()
    if rows != many:
        raise ValueError(f"{rows} of {many} rows are ready")


def _sheet(data: bytes) -> Any:
    from registrations.spreadsheets.reader import read_file

    return read_file(data)


def whole(data: bytes, of: Any, many: int) -> None:
    """From the bytes of a workbook to committed registrations, all in this process: no page, no worker."""
    from events.models import Fest
    from registrations import hooks
    from registrations.class_lists import jobs
    from registrations.class_lists.confirm import confirm
    from registrations.class_lists.drafts import Upload, save_draft
    from registrations.class_lists.parse import parse_sheet
    from registrations.models import Submission
    from registrations.students.consents import teachers_text

    current = Fest.objects.get(slug="bench")
    with mock.patch.object(hooks, "notify_workers"):  # the worker would take the job
        upload = Upload(parse_sheet(_sheet(data), current), "1000.xlsx", secrets.token_bytes(32))
        class_list, _is_new = save_draft(upload, teacher=of, fest=current)
        job = confirm(
            class_list,
            key=Submission.new_key(),
            user=of.user,
            consent_text=teachers_text(current),
            is_all_or_none=False,
            wants_waiting=True,
        )
        jobs.run_due()
    rows = job.rows.filter(submission__isnull=False).count()
    if rows != many:
        raise ValueError(f"{rows} of {many} rows are registered")


def one_round(stack: Stack, number: int) -> dict[str, Any]:
    """A list of 500 on a new event, and the loop on another one."""
    from events.models import Event
    from registrations.spreadsheets.writer import xlsx_table

    fest.close_events()
    names = [
        Event.objects.get(slug=slug).name
        for slug in fest.open_events(3, capacity=SEATS, prefix=f"list-{number}")
    ]
    of, browser = teacher(stack, number)
    pupils = Pupils()
    short, long = (
        xlsx_table(TITLES, pupils.rows(many, names[0], f"x{number}q")) for many in (ROWS, 2 * ROWS)
    )
    complete = xlsx_table(TITLES, pupils.rows(2 * ROWS, names[2], f"w{number}q"))
    class_list = draft(of, pupils.rows(ROWS, names[0], f"r{number}q"), "500.xlsx")
    path, key = f"/teacher/lists/{class_list.pk}/confirm/", new_key()
    found: dict[str, Any] = {
        "file_500_to_forecast": timed(lambda: read(short, of, ROWS)),
        "file_1000_to_forecast": timed(lambda: read(long, of, 2 * ROWS)),
        "file_1000_to_committed": timed(lambda: whole(complete, of, 2 * ROWS)),
    }
    status, _to, found["preview_page_seconds"] = browser.ask(path)
    before = stack.cpu()
    posted, to, found["post_seconds"] = browser.ask(path, declaration(key))
    if "/jobs/" not in to:
        raise ValueError(f"Confirm led to {posted} {to}")
    found["confirm_seconds"] = round(found["post_seconds"] + finished([key]), 3)
    found["worker_cpu_seconds"] = stack.spent_since(before)["worker"]
    result, _to, found["result_page_seconds"] = browser.ask(to)
    found["statuses"] = [status, posted, result]
    table = xlsx_table(TITLES, pupils.rows(ROWS, names[1], f"n{number}q"))
    found["row_by_row"] = timed(lambda: rowbyrow.register(table, of))
    return found


def beside_clicks(stack: Stack, number: int) -> dict[str, Any]:
    """So many teachers confirm 500 rows each while 300 students click for the same event."""
    from events.models import Event

    fest.close_events()
    slugs = fest.open_events(1, capacity=number * ROWS // 2, prefix="thirty")
    name = Event.objects.get(slug=slugs[0]).name
    teachers = [teacher(stack, 1000 + one) for one in range(number)]
    lists = [
        draft(of, Pupils().rows(ROWS, name, f"t{n}q"), f"List {n}")
        for n, (of, _browser) in enumerate(teachers)
    ]
    keys = [new_key() for _ in lists]
    time.sleep(CACHE_SECONDS)
    forms = [declaration(key) for key in keys]
    began = time.monotonic()
    with ThreadPoolExecutor(number + 1) as pool:
        clicks = pool.submit(
            stack.load, "techfest", "rush", "--clients", str(CLICKS), "--events", slugs[0], "--tag", "thirty"
        )
        posts = [
            pool.submit(browser.ask, f"/teacher/lists/{one.pk}/confirm/", form)
            for one, form, (_of, browser) in zip(lists, forms, teachers, strict=True)
        ]
        answers = [post.result() for post in posts]
        report = clicks.result()
    taken = [
        key
        for key, (status, to, _seconds) in zip(keys, answers, strict=True)
        if status == 302 and "/jobs/" in to
    ]
    finished(taken)
    through = round(time.monotonic() - began, 2)
    counts = fest.counts(slugs)
    return {
        "post_statuses": sorted({status for status, _to, _seconds in answers}),
        "post_seconds": spread(seconds for _status, _to, seconds in answers),
        "clicks": {name: report[name] for name in ("redirect_seconds", "answer_page_seconds", "errors")},
        "all_lists_through_seconds": through,
        "database": counts,
        "sums_exact": counts["confirmed"] + counts["waiting"] == len(taken) * ROWS + CLICKS,
        "deadlocks_shown": _shown(stack, "deadlock"),
        "cpu_seconds": report["cpu_seconds"],
    }


def _shown(stack: Stack, word: str) -> int:
    """How often the web and the worker of lists wrote a word into their logs."""
    logs = (stack.folder / "log").glob("*.log")
    return sum(
        file.read_text(errors="replace").lower().count(word)
        for file in logs
        if file.stem in ("web", "worker")
    )


def medians(rounds: list[dict[str, Any]], thirty: list[dict[str, Any]]) -> dict[str, Any]:
    """What may be quoted; the ratio is taken inside each round."""
    shares = [ratio(one["row_by_row"]["seconds"], one["confirm_seconds"]) for one in rounds]
    quoted: dict[str, Any] = {
        name: median_of(rounds, name)
        for name in ("preview_page_seconds", "post_seconds", "confirm_seconds", "worker_cpu_seconds")
    }
    for name in ("file_500_to_forecast", "file_1000_to_forecast", "file_1000_to_committed", "row_by_row"):
        quoted[f"{name}_seconds"] = median_of(rounds, name, "seconds")
        quoted[f"{name}_cpu_seconds"] = median_of(rounds, name, "cpu_seconds")
    if rounds:
        quoted["row_by_row_against_confirm"] = round(statistics.median(share for share in shares if share), 2)
    if thirty:
        quoted["thirty_last_post_seconds"] = median_of(thirty, "post_seconds", "last")
        quoted["thirty_last_click_seconds"] = median_of(thirty, "clicks", "redirect_seconds", "last")
        quoted["thirty_last_page_seconds"] = median_of(thirty, "clicks", "answer_page_seconds", "last")
        quoted["thirty_through_seconds"] = median_of(thirty, "all_lists_through_seconds")
        quoted["thirty_sums_exact"] = all(one["sums_exact"] for one in thirty)
    return quoted


def goals(quoted: dict[str, Any]) -> list[Goal]:
    """Of what was measured: the lists alone, the teachers beside clicks, or both."""
    found = []
    if "row_by_row_against_confirm" in quoted:
        found += [
            Goal("list of 500: page before Confirm", quoted["preview_page_seconds"], 1.0, "s"),
            Goal("list of 500: from Confirm to seats", quoted["confirm_seconds"], 2.0, "s"),
            Goal("saves in a loop against Confirm", quoted["row_by_row_against_confirm"], 5, at_least=True),
            Goal(
                "list of 1,000, file to committed",
                quoted["file_1000_to_committed_cpu_seconds"],
                0.6,
                "s of CPU",
            ),
        ]
    if "thirty_sums_exact" in quoted:
        found += [
            Goal("30 teachers: last POST of Confirm", quoted["thirty_last_post_seconds"], 5, "s"),
            Goal("30 teachers: last redirect of a click", quoted["thirty_last_click_seconds"], 5, "s"),
            Goal("30 teachers: last confirmation page", quoted["thirty_last_page_seconds"], 5, "s"),
            Goal("30 teachers: sums wrong", int(not quoted["thirty_sums_exact"]), 0),
        ]
    return found


def main() -> int:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.classlist", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--thirty", type=int, default=1, help="rounds of thirty teachers beside clicks")
    parser.add_argument("--teachers", type=int, default=TEACHERS)
    given = parser.parse_args()
    machine = describe()
    rounds, thirty = [], []
    with running_stack() as stack:
        machine["postgresql"] = stack.postgresql()
        fest.set_up(stack)
        one_round(stack, 0) if given.rounds else None
        for number in range(1, given.rounds + 1):
            rounds.append(one_round(stack, number))
            print(rounds[-1], flush=True)
        for _ in range(given.thirty):
            thirty.append(beside_clicks(stack, given.teachers))
            print(thirty[-1], flush=True)
        audit = stack.audit()
    quoted = medians(rounds, thirty)
    content = {"machine": machine, "medians": quoted, "audit": audit, "rounds": rounds, "thirty": thirty}
    return end("classlist", content, goals(quoted))


if __name__ == "__main__":
    sys.exit(main())
