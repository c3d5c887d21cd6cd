"""A circuit breaker with a deadline: a part that may hang is asked, and nobody waits long for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeAlias, TypeVar

DEADLINE_SECONDS = 0.25
"""Seconds that one caller waits, once: whoever asks within REST after that is told at once."""
RETRY_SECONDS = 10.0
"""Seconds until a part that was down is tried again, by one caller."""
THREADS = 8
"""That wait in the callers' place. While the part hangs they hang with it, and no more of them are made."""

_T = TypeVar("_T")
_Call: TypeAlias = tuple[Callable[[], Any], "Future[Any]"]


class ServiceDown(Exception):
    """The part does not answer. Its ``__cause__`` is why; without one, that was found out by an earlier caller."""


class CircuitBreaker:
    """Between the callers and one part. Open: the part is down, and is left alone.

    Timeouts of the part's own client would cost no threads, but they are the host's to set, count for each step and
    each of its repetitions, and not every client has them.
    """

    def __init__(self) -> None:
        self._retry_at: float | None
        self._begin()
        if hasattr(os, "register_at_fork"):  # pragma: no branch
            os.register_at_fork(after_in_child=self._begin)

    def call(self, work: Callable[[], _T]) -> _T:
        """What ``work`` returns, called in another thread. Raises ``Down``, after DEADLINE seconds at the latest.

        ``work`` may be done even so, later.
        """
        is_trial = self._admit()
        try:
            answer: Future[_T] = self._hand_over(work)
            try:
                found = answer.result(DEADLINE_SECONDS)
            finally:
                if answer.cancel():
                    self._count(-1)
        except Exception as error:
            self._retry_at = monotonic() + RETRY_SECONDS
            raise ServiceDown from error
        if is_trial:
            self._retry_at = None
        return found

    def _begin(self) -> None:
        """Also after a fork: the threads have stayed behind, and so has whoever held the lock."""
        self._lock = Lock()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._retry_at = None
        self._threads = 0
        self._unanswered = 0

    def _admit(self) -> bool:
        """Whether this call is the one that tries whether the part is up again. Raises ``Down`` for all others."""
        with self._lock:
            if self._retry_at is None:
                return False
            now = monotonic()
            if now < self._retry_at or self._unanswered >= THREADS:
                raise ServiceDown
            self._retry_at = now + RETRY_SECONDS
            return True

    def _hand_over(self, work: Callable[[], _T]) -> Future[_T]:
        answer: Future[_T] = Future()
        with self._lock:
            if self._threads <= self._unanswered and self._threads < THREADS:
                # A daemon: a process that ends must not wait for a part that hangs.
                Thread(target=self._answer, args=(self._calls,), name="simple_auth_breaker", daemon=True).start()
                self._threads += 1
            self._unanswered += 1
        self._calls.put((work, answer))
        return answer

    def _answer(self, calls: SimpleQueue[_Call]) -> None:
        while True:
            work, answer = calls.get()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                found = work()
            except BaseException as error:  # noqa: BLE001  (the caller's, whatever it is)
                self._count(-1)
                answer.set_exception(error)
            else:
                self._count(-1)
                answer.set_result(found)
            # Not kept until the next call comes.
            del work, answer

    def _count(self, change: int) -> None:
        with self._lock:
            self._unanswered += change
