"""`import-key-pair`: a plain private key of another tool, checked before it is encrypted.

Reads PEM `PRIVATE KEY` (PKCS#8), `RSA PRIVATE KEY` (PKCS#1) and `EC PRIVATE KEY` (SEC1). Encrypted PKCS#8 and RFC 1421
headers are refused with the command that removes them.

An RSA key is refused when it does not have 2048 to 4096 bits in whole bytes, when its exponent is not 65537 (CA/Browser
Forum Baseline Requirements 6.1.6 recommend it, and cosign insists), when a small prime divides it, when its primes are
so close that Fermat's method finds them (CVE-2022-26320), or when it has the mark of the Infineon generator
(CVE-2017-15361, "ROCA").
"""

from __future__ import annotations

from functools import cache
from math import gcd, isqrt
from typing import Final

from assaymark.attest.keys.file import LABELS
from assaymark.attest.keys.pem import Pem, parse_pem
from assaymark.attest.keys.private import PrivateKey, parse_private_der
from assaymark.attest.keys.public import Algorithm
from assaymark.errors import SigningError

IMPORTED_LABELS: Final = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_EXPONENT: Final = 65537
_FERMAT_ROUNDS: Final = 100  # the figure of the CA/Browser Forum's ballot SC-73
_SMALL_PRIMES_BELOW: Final = 752
_ROCA_PRIMES_UP_TO: Final = (
    167  # the 39 smallest primes make the generator's modulus for keys of up to 960 bits and divide the larger ones
)


def import_key(data: bytes, *, what: str) -> PrivateKey:
    """The key of plain PEM text.

    Raises:
        SigningError: it is encrypted, malformed, weak, or of a kind that cannot sign here.
    """
    try:
        pem = parse_pem(data)
    except ValueError as exc:
        raise SigningError(f"`{what}` is not a private key: {exc}", reason="KEY_MALFORMED") from exc
    _check_label(pem, what)
    key = parse_private_der(pem.body)
    if key.public.algorithm is Algorithm.RSA:
        weakness = find_weakness(*key.public.rsa_numbers())
        if weakness:
            raise SigningError(f"the RSA key `{what}` is refused: {weakness}", reason="KEY_WEAK")
    return key


def find_weakness(modulus: int, exponent: int) -> str:
    """Why nobody should use this RSA key; empty where nothing is known against it."""
    if exponent != _EXPONENT:
        return f"its exponent is {exponent}, not 65537"
    if gcd(modulus, _primorial()) != 1:
        return "a small prime divides its modulus"
    if _has_close_primes(modulus):
        return "its primes are too close together (CVE-2022-26320)"
    if _has_roca_mark(modulus):
        return "it comes from the broken generator of CVE-2017-15361"
    return ""


def _check_label(pem: Pem, what: str) -> None:
    if pem.label in LABELS:
        raise SigningError(f"`{what}` is an encrypted key file already", hint="use it with `--key`", reason="KEY_LABEL")
    if pem.headers or pem.label == "ENCRYPTED PRIVATE KEY":
        raise SigningError(
            f"`{what}` is encrypted in a way that cannot be imported",
            hint="`openssl pkey -in FILE -out PLAIN` removes the encryption; delete PLAIN after the import",
            reason="KEY_LABEL",
        )
    if pem.label not in IMPORTED_LABELS:
        raise SigningError(
            f"`{what}` is not a private key: it holds a `{pem.label}`",
            hint="import takes `PRIVATE KEY`, `RSA PRIVATE KEY` and `EC PRIVATE KEY`",
            reason="KEY_LABEL",
        )


def _has_close_primes(modulus: int) -> bool:
    root = isqrt(modulus - 1) + 1
    for a in range(root, root + _FERMAT_ROUNDS):
        square = a * a - modulus
        if isqrt(square) ** 2 == square:
            return True
    return False


def _has_roca_mark(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo every prime of the generator."""
    return all(modulus % prime in powers for prime, powers in _roca_table())


@cache
def _roca_table() -> tuple[tuple[int, frozenset[int]], ...]:
    return tuple((prime, _powers(prime)) for prime in _primes(_ROCA_PRIMES_UP_TO + 1) if prime > 2)


def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(_EXPONENT, exponent, prime) for exponent in range(prime - 1))


@cache
def _primorial() -> int:
    product = 1
    for prime in _primes(_SMALL_PRIMES_BELOW):
        product *= prime
    return product


def _primes(below: int) -> list[int]:
    return [number for number in range(2, below) if all(number % divisor for divisor in range(2, isqrt(number) + 1))]
