from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from threading import enumerate as all_threads
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


class Service:
    """A service that may fail or hang."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.answers = Event()
        self.answers.set()

    def __call__(self) -> int:
        self.calls += 1
        self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.calls


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def breaker_threads() -> int:
    """The threads of circuit breakers. Those of other tests may end at any time, and none of these does."""
    return sum(thread.name == "simple_auth_breaker" for thread in all_threads())


@pytest.fixture
def clock(monkeypatch: Any) -> Clock:
    clock = Clock()
    monkeypatch.setattr(circuit_breaker, "monotonic", clock)
    # Long enough for a slow machine; calls that hang use their own timeout.
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    return clock


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.answers.set()


@pytest.fixture
def hang(service: Service, clock: Clock, monkeypatch: Any) -> Callable[[CircuitBreaker], None]:
    """Call a service that hangs from now on, and time out once the call has reached it."""

    def hang(circuit: CircuitBreaker) -> None:
        service.answers.clear()
        calls = service.calls

        class Impatient(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                eventually(lambda: service.calls > calls)
                return super().result(0)

        with monkeypatch.context() as patch:
            patch.setattr(circuit_breaker, "Future", Impatient)
            with pytest.raises(ServiceDown) as down:
                circuit.call(service)
        assert type(down.value.__cause__).__name__ == "TimeoutError"

    return hang


def eventually(condition: Callable[[], Any]) -> None:
    while not condition():
        time.sleep(0.001)


def is_refused_immediately(circuit: CircuitBreaker, service: Service) -> bool:
    """Whether the call was refused without reaching the service."""
    calls = service.calls
    with pytest.raises(ServiceDown) as down:
        circuit.call(service)
    return service.calls == calls and down.value.__cause__ is None


def test_the_deadline_is_below_300_milliseconds():
    assert DEADLINE_SECONDS < 0.3


def test_the_services_result_is_returned(service: Service, clock: Clock):
    circuit = CircuitBreaker()
    assert [circuit.call(service) for _ in range(3)] == [1, 2, 3]


def test_consecutive_calls_share_one_thread(service: Service, clock: Clock):
    circuit = CircuitBreaker()
    before = breaker_threads()
    for _ in range(50):
        circuit.call(service)
    assert breaker_threads() == before + 1


def test_a_failing_service_is_not_called_for_a_while(service: Service, clock: Clock):
    circuit = CircuitBreaker()
    service.error = ConnectionError("refused")
    with pytest.raises(ServiceDown) as down:
        circuit.call(service)
    assert down.value.__cause__ is service.error
    service.error = None
    clock.now += RETRY_SECONDS - 1
    assert is_refused_immediately(circuit, service)
    clock.now += 1
    assert circuit.call(service) == 2
    assert circuit.call(service) == 3


def test_a_hanging_service_is_waited_for_once(service: Service, clock: Clock, hang: Any):
    circuit = CircuitBreaker()
    hang(circuit)
    assert is_refused_immediately(circuit, service)
    assert is_refused_immediately(circuit, service)


def test_one_caller_retries_while_others_are_refused(service: Service, clock: Clock):
    circuit = CircuitBreaker()
    service.error = ConnectionError()
    with pytest.raises(ServiceDown):
        circuit.call(service)
    service.error = None
    clock.now += RETRY_SECONDS
    assert circuit.call(lambda: is_refused_immediately(circuit, service)) is True
    assert circuit.call(service) == 2


def test_a_failed_retry_is_not_repeated_immediately(service: Service, clock: Clock):
    circuit = CircuitBreaker()
    service.error = ConnectionError()
    for _ in range(3):
        with pytest.raises(ServiceDown) as down:
            circuit.call(service)
        assert down.value.__cause__ is service.error
        assert is_refused_immediately(circuit, service)
        clock.now += RETRY_SECONDS


def test_a_hanging_service_blocks_a_limited_number_of_threads(service: Service, clock: Clock, hang: Any):
    circuit = CircuitBreaker()
    before = breaker_threads()
    for _ in range(THREADS):
        hang(circuit)
        clock.now += RETRY_SECONDS
    assert breaker_threads() == before + THREADS
    assert is_refused_immediately(circuit, service)
    assert circuit._calls.empty()
    service.answers.set()
    eventually(lambda: not circuit._unanswered)
    assert circuit.call(service) == THREADS + 1
    assert breaker_threads() == before + THREADS


def test_a_call_that_timed_out_before_it_began_is_skipped(service: Service, clock: Clock, hang: Any, monkeypatch: Any):
    monkeypatch.setattr(circuit_breaker, "THREADS", 1)
    circuit = CircuitBreaker()
    hang(circuit)
    late = Service()
    # As if the service had been up when both calls came.
    circuit._retry_at = None
    with monkeypatch.context() as patch:
        patch.setattr(circuit_breaker, "DEADLINE_SECONDS", 0)
        with pytest.raises(ServiceDown):
            circuit.call(late)
    service.answers.set()
    eventually(lambda: not circuit._unanswered)
    clock.now += RETRY_SECONDS
    assert circuit.call(service) == 2
    assert late.calls == 0


def test_without_a_new_thread_the_service_counts_as_down(service: Service, clock: Clock, monkeypatch: Any):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(circuit_breaker.Thread, "start", fail)
    circuit = CircuitBreaker()
    with pytest.raises(ServiceDown) as down:
        circuit.call(service)
    assert str(down.value.__cause__) == "can't start new thread"
    monkeypatch.undo()
    circuit._retry_at = None
    assert circuit.call(service) == 1


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
