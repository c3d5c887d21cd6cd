"""Forms of a text in which different spellings are equal, on every database."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The form in which two spellings of one name are equal, on every database: NFKC and casefold."""
    # Folding the case can undo the normal form (U+0345, U+1E9E), hence a second pass.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def skeleton(text: str) -> str:
    """Letters and digits without accents or case: coarser than any database's idea of equal.

    For counting attempts. MariaDB finds one user under every accent there is; each must not get attempts of its own.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if character.isalnum())
