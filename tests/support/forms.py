"""What a browser would send for the form of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and (given.get("type") not in {"checkbox", "radio", "submit"} or "checked" in given):
            value = given.get("value", "on" if "checked" in given else "")
            self.sent.setdefault(given.get("name") or "", []).append(value or "")


def fields_of(response: Any) -> dict[str, list[str]]:
    """``{name: values}`` of the page's inputs; select elements are left out."""
    parser = _Inputs()
    parser.feed(response.content.decode())
    return parser.sent
