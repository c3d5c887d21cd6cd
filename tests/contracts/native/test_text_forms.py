"""Texts that grow, shrink or change when they are normalised, in every text field of the native contract."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from django_simple_auth.accounts import emails
from tests.contracts.refusals.cases import NATIVE, Case, each, registers
from tests.support.accounts import log_in

GROWING = ["\ufdfa", "\ufb03", "\u3316", "İ", "ß", "ŉ", "ΐ", "ü", "\u0958", "\U0001d160"]
"""Under NFKC, in lower case, case-folded, or as IDNA writes it."""
SHRINKING = ["e\u0301", "\u1112\u1161\u11ab", "A\u030a", "\u0645\u0653", "\u00ad", "\u200d"]
CHANGING = ["ａ", "ſ", "K", "ı", "ς", "Σ", "\u0345", "ẞ", "Ꭰ", "ꭰ", "º", "．", "。", "＠", "/", "'"]
LENGTHS = [1, 20, 30, 60, 63, 100, 128, 150, 200, 240, 255, 300, 1024]
MIXED = 10
SEED = 20


def text_fields(case: Case) -> Iterator[str]:
    fields = case.endpoint.request().fields if case.endpoint.request else {}
    return (name for name, field in fields.items() if isinstance(field, serializers.CharField))


def texts(seed: str, email: bool) -> Iterator[str]:
    """Such texts, of lengths around those of the columns. The same ones in every run."""
    chance = random.Random(f"{SEED}:{seed}")
    everything = GROWING + SHRINKING + CHANGING
    mixtures = [GROWING, SHRINKING, CHANGING, everything] * MIXED
    for alphabet in [*([letter] for letter in everything), *mixtures[:MIXED]]:
        length = chance.choice(LENGTHS)
        text = "".join(chance.choice(alphabet) for _ in range(length))[:length]
        if email:
            # As long as an address may be, in labels as long as they may be.
            labels = ".".join([(text * 60)[: chance.choice([29, 31, 60, 63])]] * 8)
            text = chance.choice([f"a@{labels[:240]}.example", f"a@{labels[:240]}.example", f"{text}@example.com"])
        yield text


def test_the_texts_grow_shrink_and_change():
    forms = [unicodedata.normalize("NFKC", text).casefold() for text in texts("a", False)]
    sizes = [len(form) - len(text) for form, text in zip(forms, texts("a", False), strict=True)]
    assert min(sizes) < 0 < max(sizes)
    assert list(texts("a", True)) == list(texts("a", True))


@each(
    lambda case: case.name == NATIVE,
    field=text_fields,
    policy=lambda case: ["open", "verify_first"] if registers(case) else ["open"],
)
def test_no_text_crashes_an_endpoint(
    client: Any, user: Any, mailbox: Any, settings: Any, case: Case, field: str, policy: str
):
    settings.SIMPLE_AUTH |= {"REGISTRATION": policy, "LOGIN_METHODS": ["username", "email"]}
    emails.mark_verified(user)
    log_in(client, user)
    statuses = set()
    for text in texts(f"{case.endpoint.path}:{field}", field == "email"):
        body = {**case.body, field: text}
        # The client refuses every answer of 500 or above.
        statuses.add(client.send(case.endpoint.method, case.path, body).status_code)
        # Otherwise the next text would be refused because of the other fields.
        get_user_model().objects.exclude(pk=user.pk).delete()
    assert statuses <= {200, 201, 202, 204, 400, 404}
