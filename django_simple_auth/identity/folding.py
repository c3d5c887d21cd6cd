"""Forms of a text that are equal for different spellings, computed in Python so that databases cannot differ."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """NFKC and casefold: equal for two spellings of one name."""
    # Case folding can undo the normalization (U+0345, U+1E9E), hence a second pass.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def skeleton(text: str) -> str:
    """Letters and digits without accents or case: coarser than any database's idea of equal.

    For counting attempts: MariaDB may find one user under many accents, and each must not have a limit of its own.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if character.isalnum())
