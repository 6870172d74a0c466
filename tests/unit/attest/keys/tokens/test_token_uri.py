"""PKCS#11 URIs: what is read, what is refused, and what is written."""

from __future__ import annotations

import pytest

from assaymark.attest.keys.tokens.library import Token, _tries_left
from assaymark.attest.keys.tokens.uri import (
    KeyChoice,
    TokenChoice,
    TokenUri,
    drop_pin,
    format_token_uri,
    parse_token_uri,
    without_pin,
)
from assaymark.errors import UsageError
from assaymark.net.secret import Secret

MODULE = "/usr/lib/libx.so"
AT = f"?module-path={MODULE}"


def uri(token: TokenChoice, key: KeyChoice, **more: str) -> TokenUri:
    pin = Secret(more.pop("pin", ""))
    return TokenUri(token=token, key=key, module=more.pop("module", MODULE), pin=pin, **more)


READ = {
    "labels": (f"pkcs11:token=card;object=key{AT}", uri(TokenChoice(label="card"), KeyChoice(label="key"))),
    "a slot and an id": (f"pkcs11:slot-id=7;id=%01%fF{AT}", uri(TokenChoice(slot=7), KeyChoice(id=b"\1\xff"))),
    "a serial number": (
        f"pkcs11:model=M;manufacturer=Acme;serial=00ff;object=k;type=private{AT}",
        uri(TokenChoice(serial="00ff", manufacturer="Acme", model="M"), KeyChoice(label="k")),
    ),
    "escapes, and a plus that is one": (
        f"pkcs11:token=my%20c%C3%A4rd;object=a+b%3bc{AT}",
        uri(TokenChoice(label="my cärd"), KeyChoice(label="a+b;c")),
    ),
    "a PIN": (
        f"pkcs11:token=c;object=k{AT}&pin-value=12%2634",
        uri(TokenChoice(label="c"), KeyChoice(label="k"), pin="12&34"),
    ),
    "a PIN in a file": (
        f"pkcs11:token=c;object=k{AT}&pin-source=file:/run/pin",
        uri(TokenChoice(label="c"), KeyChoice(label="k"), pin_file="/run/pin"),
    ),
    "the library in a variable": ("pkcs11:token=c;id=%01", uri(TokenChoice(label="c"), KeyChoice(id=b"\1"), module="/e.so")),
    "cosign's separators": (f"pkcs11:token=c&object=k{AT};pin-value=1", uri(TokenChoice(label="c"), KeyChoice(label="k"), pin="1")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_a_uri_is_read(text: str, expected: TokenUri) -> None:
    assert parse_token_uri(text, {"COSIGN_PKCS11_MODULE_PATH": "/e.so"}) == expected


REFUSED = {
    "no token": (f"pkcs11:object=k{AT}", "which token"),
    "no key": (f"pkcs11:token=c{AT}", "which key"),
    "no library": ("pkcs11:token=c;object=k", "library of the token is not known"),
    "a relative library": ("pkcs11:token=c;object=k?module-path=x.so", "not an absolute path"),
    "a slot that is no number": (f"pkcs11:slot-id=x;object=k{AT}", "slot `x`"),
    "a slot beyond all bounds": (f"pkcs11:slot-id={'9' * 5000};object=k{AT}", "is not a number"),
    "a broken escape": (f"pkcs11:token=%zz;object=k{AT}", "not a PKCS#11 URI"),
    "an attribute without a value": (f"pkcs11:token;object=k{AT}", "not a PKCS#11 URI"),
    "an attribute twice": (f"pkcs11:token=a;token=b;object=k{AT}", "`token` twice"),
    "no UTF-8": (f"pkcs11:token=%ff;object=k{AT}", "not UTF-8"),
    "nothing": ("pkcs11:", "which token"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_uri_that_leaves_questions_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse_token_uri(text, {})


def test_a_refusal_does_not_tell_the_pin() -> None:
    with pytest.raises(UsageError) as caught:
        parse_token_uri(f"pkcs11:token=c{AT}&pin-value=1234", {})
    assert "1234" not in str(caught.value)
    assert (
        without_pin("pkcs11:object=k?PIN-VALUE=12;x=1&pin-value=3") == "pkcs11:object=k?PIN-VALUE=***;x=1&pin-value=***"
    )


@pytest.mark.parametrize(
    ("text", "shown", "dropped"),
    [
        ("token=c?pin-value=12&module-path=/m", "token=c?pin-value=***&module-path=/m", "token=c?module-path=/m"),
        ("token=c?module-path=/m&pin-value=12", "token=c?module-path=/m&pin-value=***", "token=c?module-path=/m"),
        ("pin-value=12;token=c", "pin-value=***;token=c", "token=c"),
        ("token=c;PIN-VALUE=12?module-path=/m", "token=c;PIN-VALUE=***", "token=c?module-path=/m"),
        ("token=c?pin-value=1?2", "token=c?pin-value=***", "token=c"),
        ("token=c?x-pin-value=12", "token=c?x-pin-value=12", "token=c?x-pin-value=12"),
    ],
    ids=["before another", "after another", "in front", "in the path", "with a question mark", "another attribute"],
)
def test_a_pin_is_neither_shown_nor_typed_again(text: str, shown: str, dropped: str) -> None:
    reference = f"pkcs11:{text}"
    assert (f"pkcs11:{shown}", f"pkcs11:{dropped}") == (without_pin(reference), drop_pin(reference))


def test_what_is_written_is_read_the_same_and_has_no_pin() -> None:
    token, key = TokenChoice(label="a+b &;=ä", slot=3), KeyChoice(label="k?/#", id=b"\0\x7f")
    text = format_token_uri(uri(token, key, module="/a b/c&d.so", pin="1234"))
    assert (
        text == "pkcs11:token=a%2Bb%20%26%3B=%C3%A4;slot-id=3;id=%00%7f;object=k%3F%2F%23?module-path=/a%20b/c%26d.so"
    )
    assert parse_token_uri(text, {}) == uri(token, key, module="/a b/c&d.so")


def test_a_token_without_a_label_is_named_by_its_number() -> None:
    text = format_token_uri(uri(TokenChoice(serial="0a"), KeyChoice(label="k")))
    assert text == f"pkcs11:serial=0a;object=k{AT}"


CARD = Token(slot=2, label="c", manufacturer="Acme", model="M", serial="01", flags=0x104)


@pytest.mark.parametrize(
    ("choice", "matches"),
    [
        (TokenChoice(label="c"), True),
        (TokenChoice(label="C"), False),
        (TokenChoice(label="c", slot=2, serial="01", model="M", manufacturer="Acme"), True),
        (TokenChoice(label="c", slot=3), False),
        (TokenChoice(serial="02"), False),
    ],
)
def test_all_that_is_asked_for_must_match(choice: TokenChoice, matches: bool) -> None:
    assert CARD.matches(choice) is matches


def test_a_token_tells_how_its_pin_is_given() -> None:
    assert (CARD.needs_login, CARD.has_pin_pad, str(CARD)) == (True, True, "c")
    assert str(TokenChoice(label="c", slot=2, model="M")) == "c, slot 2, M"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (0, ""),
        (0x10000, ": few tries are left before the token locks"),
        (0x30000, ": one try is left before the token locks"),
        (0x70000, ", and the token is locked now"),
    ],
)
def test_what_the_token_says_about_tries(flags: int, said: str) -> None:
    assert _tries_left(flags) == said
