"""What others have published comes out of our functions."""

from __future__ import annotations

from pathlib import Path

from tests.secrecy.trial import Place, assert_nothing_through
from tests.secrecy.vectors import vectors


async def test_published_vectors_come_out_as_published(tmp_path: Path) -> None:
    """AES-256-GCM of NIST, HKDF of RFC 5869, HMAC of RFC 4231, HPKE of RFC 9180 and its hybrid."""
    await assert_nothing_through(vectors(Place("", tmp_path, 0)), at_least=750 + 3 + 6 + 2)
