"""The documented 64-bit hash over events and state. It hashes logical words, never memory, and keeps no secrets.

A word is 64 bits; a negative number is its two's complement. `fold` is the one primitive: the halves of the
128-bit product, xored. A record's digest is a sum of folds of word pairs, each word xored with its own key, so
that any field and any place counts; a chain folds the digests one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
ROW_WORDS = 32


def fold(a: int, b: int) -> int:
    product = a * b
    return (product ^ product >> 64) & WORD


def word_key(place: int) -> int:
    return GOLDEN * (2 * place + 1) & WORD


_EVEN_KEYS = [word_key(place) for place in range(0, ROW_WORDS, 2)]
_ODD_KEYS = [word_key(place) for place in range(1, ROW_WORDS, 2)]


def digest_words(words: Sequence[int]) -> int:
    """The digest of an even number of words, at most ROW_WORDS."""
    digest = 0
    for a, b, key_a, key_b in zip(words[::2], words[1::2], _EVEN_KEYS, _ODD_KEYS, strict=False):
        product = (a ^ key_a) * (b ^ key_b)  # fold, written out: this is the hash's inner loop
        digest += (product ^ product >> 64) & WORD
    return digest & WORD


def chain_digest(chain: int, digest: int) -> int:
    return fold(chain ^ digest, GOLDEN) + digest & WORD


def chain_row(chain: int, numbers: Iterable[int]) -> int:
    """One row of the state hash: its numbers as words, zero-padded to ROW_WORDS."""
    words = [number & WORD for number in numbers]
    return chain_digest(chain, digest_words(words + [0] * (ROW_WORDS - len(words))))


def wide_words(value: int) -> tuple[int, int]:
    """A 128-bit amount as its low and high words."""
    return value & WORD, value >> 64
