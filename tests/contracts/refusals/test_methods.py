"""Other methods than the contract's, and paths that it does not have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.refusals.cases import CONTRACTS, FORBIDDEN, MOUNTS, Case, always, each, refused, shaped

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


@each(always, method=lambda case: [method for method in METHODS if method not in case.methods])
def test_another_method_is_refused(ask: Any, case: Case, method: str):
    response = ask(case, method=method)
    refused(case, response, 405)
    assert set(response.headers["Allow"].split(", ")) == case.methods


@each(lambda case: "HEAD" not in case.methods)
def test_head_is_refused_where_get_is_unsafe(ask: Any, case: Case):
    response = ask(case, method="HEAD")
    assert (response.status_code, response.content) == (405, b"")


@each(lambda case: case.endpoint.unsafe_get, header=lambda case: ["HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ"])
def test_a_prefetch_of_an_unsafe_get_is_refused(ask: Any, case: Case, header: str):
    refused(case, ask(case, **{header: "prefetch"}), FORBIDDEN[case.name])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["nope/", "nope", "", "nope/nope/", "%00/"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_an_unknown_path_is_a_404(client: Any, db: None, name: str, path: str, method: str):
    shaped(name, client.generic(method, MOUNTS[name] + path), 404)
