"""Forms of a text in which different spellings are equal, computed in Python because databases disagree about them."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """NFKC and casefold: two spellings of one name fold to the same text. Decides identity."""
    # Casefolding can undo the normal form (U+0345, U+1E9E), hence the second pass.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def skeleton(text: str) -> str:
    """Letters and digits without accents or case: coarser than any database's idea of equality. Counts attempts.

    MariaDB's collations find one user under many accents; attempts under each of them must share one counter.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if character.isalnum())
