"""How the worker runs its tasks: those of one queue one after the other, in a thread for each queue.

So a class list does not wait for mails, and all of them share one process. Celery's own pool of threads would let two
runs of one task meet, and ends no task that hangs. Here such a task ends the process, which is started again: its
claims are free at once, because the process that held them is dead.
"""

import faulthandler
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery.concurrency.base import BasePool, apply_target
from django.db import connection

from tickets import heartbeats

logger = logging.getLogger(__name__)

IDLE = 10.0
"""Seconds without a task after which a lane says that it lives."""


@dataclass(frozen=True, slots=True)
class Job:
    """A task that waits in its lane, and the seconds after which it is taken to hang."""

    name: str
    run: Callable[[], Any]
    seconds: float | None


class TimeLimits:
    """Ends the process when a task exceeds its limit.

    `faulthandler` does it from a thread that needs no interpreter lock, and writes where each thread hangs. It has one
    timer, which is set to the task that ends first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    @contextmanager
    def within(self, lane: str, seconds: float | None) -> Iterator[None]:
        """The block must end after this many seconds, if any."""
        self._set(lane, None if seconds is None else time.monotonic() + seconds)
        try:
            yield
        finally:
            self._set(lane, None)

    def _set(self, lane: str, ends: float | None) -> None:
        with self._lock:
            self._ends.pop(lane, None)
            if ends is not None:
                self._ends[lane] = ends
            faulthandler.cancel_dump_traceback_later()
            if self._ends:
                left = min(self._ends.values()) - time.monotonic()
                faulthandler.dump_traceback_later(max(left, 0.01), exit=True)


class Lane:
    """The tasks of one queue. A wake-up for a task that waits already is not needed a second time."""

    def __init__(self, name: str, limits: TimeLimits) -> None:
        self._name, self._limits = name, limits
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting: set[str] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)
        self._thread.start()

    def add(self, job: Job) -> bool:
        """Puts the task in; `False` if it waits already."""
        if job.name in self._waiting:
            return False
        self._waiting.add(job.name)
        self._jobs.put(job)
        return True

    def close(self) -> None:
        """Ends the lane after the task that is running; what waits is dropped."""
        self._is_closed = True
        self._jobs.put(None)

    def wait(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        """Works until the lane is closed. Where that fails, the process ends and is started again: tasks would wait."""
        try:
            self._work()
        except BaseException:
            logger.exception("The lane %s has failed", self._name)
            os._exit(1)

    def _work(self) -> None:
        while (job := self._next()) is not None and not self._is_closed:
            # A wake-up that comes from now on is for rows that this run may not see.
            self._waiting.discard(job.name)
            with self._limits.within(self._name, job.seconds):
                try:
                    job.run()
                except Exception:
                    logger.exception("A task of the lane %s failed outside of its own code", self._name)

    def _next(self) -> Job | None:
        while True:
            try:
                return self._jobs.get(timeout=IDLE)
            except queue.Empty:
                heartbeats.write(self._name)
                connection.close()


class Pool(BasePool):
    """Celery's interface to the lanes."""

    body_can_be_buffer = True
    signal_safe = False

    def on_start(self) -> None:
        limits = TimeLimits()
        self._lanes = {name: Lane(name, limits) for name in self.app.amqp.queues.consume_from}

    def on_apply(
        self,
        target: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
        callback: Callable[..., Any] = lambda _result: None,
        accept_callback: Callable[..., Any] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> None:
        """Acknowledges the message at once, in the thread that talks to the broker, and puts the task into its lane."""
        name = args[0]
        if accept_callback:
            accept_callback(0, time.monotonic())
        lane = self._lanes[self.app.conf.task_routes[name]["queue"]]
        if not lane.add(Job(name, lambda: apply_target(target, args, kwargs, callback), timeout)):
            callback((False, None, 0.0))  # done, or Celery would remember it for ever

    def on_stop(self) -> None:
        """Waits for the tasks that are running; those that only wait are dropped, and their rows stay due."""
        for lane in self._lanes.values():
            lane.close()
        for lane in self._lanes.values():
            lane.wait()
