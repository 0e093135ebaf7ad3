"""The visitors of a load and what they saw."""

import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.bench.exchange import Exchange
from deploy.bench.figures import percentile, spread

SCHOOLS = (
    "Riverside Public School",
    "St. Mary's Convent School",
    "Kendriya Vidyalaya No. 2",
    "Green Valley High School",
)
OUTCOMES = (("confirmed", b"panel is-ok"), ("waiting", b"panel is-wait"), ("refused", b"panel is-stop"))
LIMITS = (1, 2, 3, 10, 30)


@dataclass
class Visitor:
    """One student's submission: the form that is posted, and the response."""

    number: int
    event: str
    key: str
    submission: Exchange | None = None
    answer: Exchange | None = None
    began: float = 0.0

    def fields(self, tag: str) -> dict[str, str]:
        """The form as a browser sends it; ``tag`` keeps the names of two rounds apart."""
        return {
            "key": self.key,
            "events": self.event,
            "name": f"Asha {tag} {self.number} Rao",
            "school": SCHOOLS[self.number % len(SCHOOLS)],
            "grade": "9",
            "section": "B",
            "roll_number": str(self.number % 60 + 1),
            "email": f"s{self.number}.{tag}@example.org",
            "consent": "on",
            "want_waiting": "on",
        }


def report(visitors: Sequence[Visitor]) -> dict[str, Any]:
    """What the visitors saw: times since each submission, outcomes, errors by kind."""
    submissions = [(one.began, one.submission) for one in visitors if one.submission is not None]
    answers = [(one.began, one.answer) for one in visitors if one.answer is not None]
    redirected = [
        submission.finished_at - began for began, submission in submissions if submission.status in {302, 303}
    ]
    shown = [answer.finished_at - began for began, answer in answers if answer.status == 200]
    errors = Counter(error for _, one in [*submissions, *answers] if (error := _error(one)))
    start = min((one.began for one in visitors), default=0.0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "clients": len(visitors),
        "answered": len(redirected),
        "answered_within_seconds": {str(limit): sum(one <= limit for one in redirected) for limit in LIMITS},
        "redirect_seconds": spread(redirected),
        "answer_page_seconds": spread(shown),
        "outcomes": dict(Counter(outcome(page.body()) for _, page in answers if page.status == 200)),
        "errors": dict(errors),
        "out_of_order": displacement([one for _, one in submissions if one.status in {302, 303}]),
        "moments": {
            "redirects": _moments(start, [one for _, one in submissions if one.status in {302, 303}]),
            "pages": _moments(start, [one for _, one in answers if one.status == 200]),
        },
        "client_cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
    }


def displacement(arrived: Sequence[Exchange]) -> dict[str, float]:
    """How far from their turn these were answered, in the order of their arrival, as shares of their number."""
    if not arrived:
        return {}
    turns = sorted(range(len(arrived)), key=lambda turn: arrived[turn].finished_at)
    moved = sorted(abs(turn - answered) / len(arrived) for answered, turn in enumerate(turns))
    return {"p95": round(percentile(moved, 95), 4), "last": round(moved[-1], 4)}


def _moments(start: float, exchanges: Sequence[Exchange]) -> list[float]:
    """When each was answered, in seconds since the first visitor."""
    return sorted(round(one.finished_at - start, 3) for one in exchanges)


def outcome(page: bytes) -> str:
    """What an answer page says: confirmed, waiting, refused, or unknown."""
    return next((name for name, mark in OUTCOMES if mark in page), "unknown")


def _error(exchange: Exchange) -> str:
    if exchange.failure or not exchange.finished_at:
        exchange.received.clear()
        return exchange.failure or "never begun"
    return "" if exchange.status in {200, 302, 303} else f"status {exchange.status}"
