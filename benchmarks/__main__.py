"""Measures one authenticated request as a ratio to the same request without authentication."""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import platform
import random
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import django
import rest_framework
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases

from . import settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", choices=settings.DATABASE_CHOICES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--requests", type=int, default=50, help="for each contender in each round")
    options = parser.parse_args()
    if options.rounds < 2 or options.requests < 1:
        parser.error("at least 2 rounds of at least 1 request are needed")
    settings.DATABASES["default"].update(settings.DATABASE_CHOICES[options.database])
    os.environ["DJANGO_SETTINGS_MODULE"] = settings.__name__
    django.setup()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        measure(options.rounds, options.requests)
    finally:
        teardown_databases(databases, verbosity=0)


def measure(rounds: int, requests: int) -> None:
    from .contenders import NOTHING, populate  # models can be imported only now

    user, headers = populate()
    environs = {name: environ(name, header) for name, header in headers.items()}
    # What a WSGI server calls. It sends request_started and request_finished, so their receivers are measured, too.
    # django.test.Client would add the noise of its cookies, encoding and instrumentation.
    handler = WSGIHandler()
    queries = {}
    for name, request in environs.items():
        for _ in range(requests):
            body = ask(handler, request)
        # The view also answers 200 if the token was not recognised.
        if json.loads(body)["user"] != (None if name == NOTHING else user.pk):
            raise SystemExit(f"{name} recognised the wrong user: {body.decode()}")
        with CaptureQueriesContext(connection) as captured:
            ask(handler, request)
        queries[name] = len(captured)

    ratios: dict[str, list[float]] = {name: [] for name in environs}
    baseline = []
    # A garbage collection during a measurement would slow down one contender by chance. So existing objects are frozen,
    # and garbage is collected while the clock is stopped.
    gc.collect()
    gc.freeze()
    gc.disable()
    for _ in range(rounds):
        seconds = {}
        # Shuffled, so that no contender always follows the same one. Compared within a round, so that a slower machine
        # slows down both sides.
        for name in random.sample(list(environs), len(environs)):
            gc.collect()
            start = perf_counter()
            for _ in range(requests):
                ask(handler, environs[name])
            seconds[name] = perf_counter() - start
        baseline.append(seconds[NOTHING] / requests)
        for name in environs:
            ratios[name].append(seconds[name] / seconds[NOTHING])
    report(ratios, queries, f"{rounds} x {requests} requests; 1 is {median(baseline) * 1e6:.0f} microseconds")


def environ(name: str, header: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/{name}/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_AUTHORIZATION": header,
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }


def ask(handler: WSGIHandler, request: dict[str, Any]) -> bytes:
    chunks: list[bytes] = []
    response = handler(request.copy(), lambda *_: chunks.append)
    chunks.extend(response)
    response.close()
    body = b"".join(chunks)
    if response.status_code != 200:
        raise SystemExit(f"{request['PATH_INFO']} answered {response.status_code}: {body.decode()}")
    return body


def report(ratios: dict[str, list[float]], queries: dict[str, int], run: str) -> None:
    width = max(map(len, ratios))
    print(f"{'':{width}}  median  quartiles      queries")
    for name, values in ratios.items():
        low, middle, high = quantiles(values, method="inclusive")
        print(f"{name:{width}}  {middle:6.2f}  {low:5.2f} - {high:5.2f}  {queries[name]:7}")
    medians = ", ".join(f"{name} {median(values):.2f}" for name, values in ratios.items())
    database = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    versions = f"Python {platform.python_version()}, Django {django.__version__}, DRF {rest_framework.VERSION}"
    print(f"\nTime of a request: {medians} ({run}; {database}, {versions}).")


if __name__ == "__main__":
    main()
