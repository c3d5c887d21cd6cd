"""A circuit breaker with a deadline, for a service that may hang."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeAlias, TypeVar

DEADLINE_SECONDS = 0.25
"""Seconds that a call may take. After a timeout, calls within RETRY_SECONDS fail at once."""
RETRY_SECONDS = 10.0
"""Seconds until one call tries a failed service again."""
THREADS = 8
"""Worker threads that wait instead of the callers. While the service hangs they hang with it, and none are added."""

_T = TypeVar("_T")
_Call: TypeAlias = tuple[Callable[[], Any], "Future[Any]"]


class ServiceDown(Exception):
    """The service does not answer. ``__cause__`` is the reason; it is None if an earlier call found out."""


class CircuitBreaker:
    """Stands between callers and one service. While the circuit is open, the service is not called.

    Timeouts of the service's client would need no threads, but they are the project's settings, apply to each step and
    each retry, and not every client has them.
    """

    def __init__(self) -> None:
        self._retry_at: float | None
        self._begin()
        if hasattr(os, "register_at_fork"):  # pragma: no branch
            os.register_at_fork(after_in_child=self._begin)

    def call(self, work: Callable[[], _T]) -> _T:
        """Call ``work`` in another thread and return its result.

        Raises ``ServiceDown`` after at most DEADLINE_SECONDS; ``work`` may still finish later.
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
        """Start afresh, also after a fork: the child has neither the threads nor the holder of the lock."""
        self._lock = Lock()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._retry_at = None
        self._threads = 0
        self._unanswered = 0

    def _admit(self) -> bool:
        """Whether this call tries an open circuit. Raises ``ServiceDown`` for all other calls while it is open."""
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
                # A daemon: a process must be able to exit while the service hangs.
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
            except BaseException as error:  # noqa: BLE001  (raised again in the caller)
                self._count(-1)
                answer.set_exception(error)
            else:
                self._count(-1)
                answer.set_result(found)
            # Keep no reference until the next call.
            del work, answer

    def _count(self, change: int) -> None:
        with self._lock:
            self._unanswered += change
