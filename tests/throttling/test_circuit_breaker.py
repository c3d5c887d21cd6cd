from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event, active_count
from typing import Any

import pytest

from django_simple_auth.throttling import circuit_breaker
from django_simple_auth.throttling.circuit_breaker import (
    DEADLINE_SECONDS,
    RETRY_SECONDS,
    THREADS,
    CircuitBreaker,
    ServiceDown,
)

ROOT = Path(__file__).resolve().parent.parent.parent


class Part:
    """Something to ask, that may fail or hang."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.answers = Event()
        self.answers.set()

    def __call__(self) -> int:
        self.asked += 1
        self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.asked


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: Any) -> Clock:
    clock = Clock()
    monkeypatch.setattr(circuit_breaker, "monotonic", clock)
    # What is to answer may take its time; what hangs is waited for by nobody.
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    return clock


@pytest.fixture
def part() -> Iterator[Part]:
    part = Part()
    yield part
    part.answers.set()


@pytest.fixture
def hang(part: Part, clock: Clock, monkeypatch: Any) -> Callable[[CircuitBreaker], None]:
    """Ask a part that hangs from now on, and give up once it has been asked."""

    def hang(circuit: CircuitBreaker) -> None:
        part.answers.clear()
        asked = part.asked

        class Impatient(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                eventually(lambda: part.asked > asked)
                return super().result(0)

        with monkeypatch.context() as patch:
            patch.setattr(circuit_breaker, "Future", Impatient)
            with pytest.raises(ServiceDown) as down:
                circuit.call(part)
        assert type(down.value.__cause__).__name__ == "TimeoutError"

    return hang


def eventually(condition: Callable[[], Any]) -> None:
    while not condition():
        time.sleep(0.001)


def refused_at_once(circuit: CircuitBreaker, part: Part) -> bool:
    """Whether the part was not even asked."""
    asked = part.asked
    with pytest.raises(ServiceDown) as down:
        circuit.call(part)
    return part.asked == asked and down.value.__cause__ is None


def test_the_deadline_is_below_300_milliseconds():
    assert DEADLINE_SECONDS < 0.3


def test_the_services_result_is_returned(part: Part, clock: Clock):
    circuit = CircuitBreaker()
    assert [circuit.call(part) for _ in range(3)] == [1, 2, 3]


def test_consecutive_calls_share_one_thread(part: Part, clock: Clock):
    circuit = CircuitBreaker()
    before = active_count()
    for _ in range(50):
        circuit.call(part)
    assert active_count() == before + 1


def test_a_failing_service_is_not_called_for_a_while(part: Part, clock: Clock):
    circuit = CircuitBreaker()
    part.error = ConnectionError("refused")
    with pytest.raises(ServiceDown) as down:
        circuit.call(part)
    assert down.value.__cause__ is part.error
    part.error = None
    clock.now += RETRY_SECONDS - 1
    assert refused_at_once(circuit, part)
    clock.now += 1
    assert circuit.call(part) == 2
    assert circuit.call(part) == 3


def test_a_hanging_service_is_waited_for_once(part: Part, clock: Clock, hang: Any):
    circuit = CircuitBreaker()
    hang(circuit)
    assert refused_at_once(circuit, part)
    assert refused_at_once(circuit, part)


def test_one_caller_retries_while_others_are_refused(part: Part, clock: Clock):
    circuit = CircuitBreaker()
    part.error = ConnectionError()
    with pytest.raises(ServiceDown):
        circuit.call(part)
    part.error = None
    clock.now += RETRY_SECONDS
    assert circuit.call(lambda: refused_at_once(circuit, part)) is True
    assert circuit.call(part) == 2


def test_a_failed_retry_is_not_repeated_immediately(part: Part, clock: Clock):
    circuit = CircuitBreaker()
    part.error = ConnectionError()
    for _ in range(3):
        with pytest.raises(ServiceDown) as down:
            circuit.call(part)
        assert down.value.__cause__ is part.error
        assert refused_at_once(circuit, part)
        clock.now += RETRY_SECONDS


def test_a_hanging_service_blocks_a_limited_number_of_threads(part: Part, clock: Clock, hang: Any):
    circuit = CircuitBreaker()
    before = active_count()
    for _ in range(THREADS):
        hang(circuit)
        clock.now += RETRY_SECONDS
    assert active_count() == before + THREADS
    assert refused_at_once(circuit, part)
    assert circuit._calls.empty()
    part.answers.set()
    eventually(lambda: not circuit._unanswered)
    assert circuit.call(part) == THREADS + 1
    assert active_count() == before + THREADS


def test_a_call_that_timed_out_before_it_began_is_skipped(part: Part, clock: Clock, hang: Any, monkeypatch: Any):
    monkeypatch.setattr(circuit_breaker, "THREADS", 1)
    circuit = CircuitBreaker()
    hang(circuit)
    late = Part()
    # As if the part had been well when these two came.
    circuit._retry_at = None
    with monkeypatch.context() as patch:
        patch.setattr(circuit_breaker, "DEADLINE_SECONDS", 0)
        with pytest.raises(ServiceDown):
            circuit.call(late)
    part.answers.set()
    eventually(lambda: not circuit._unanswered)
    clock.now += RETRY_SECONDS
    assert circuit.call(part) == 2
    assert late.asked == 0


def test_without_a_new_thread_the_service_counts_as_down(part: Part, clock: Clock, monkeypatch: Any):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(circuit_breaker.Thread, "start", fail)
    circuit = CircuitBreaker()
    with pytest.raises(ServiceDown) as down:
        circuit.call(part)
    assert str(down.value.__cause__) == "can't start new thread"
    monkeypatch.undo()
    circuit._retry_at = None
    assert circuit.call(part) == 1


def test_a_child_process_has_its_own_threads():
    program = """
import os, sys
sys.path.append(sys.argv[1])
from django_simple_auth.throttling import circuit_breaker
circuit_breaker.DEADLINE_SECONDS = 60
circuit = circuit_breaker.CircuitBreaker()
assert circuit.call(os.getpid) == os.getpid()
child = os.fork()
if not child:
    os._exit(7 if circuit.call(os.getpid) == os.getpid() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    subprocess.run([sys.executable, "-c", program, str(ROOT)], check=True, timeout=120)
