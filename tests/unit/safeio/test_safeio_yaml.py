from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.yaml import decode_yaml, decode_yaml_documents

VALUES = {
    "numbers and dates stay text": (
        b"a: 1.10\nb: 0x1F\nc: 2024-01-01\nd: 1:30",
        {"a": "1.10", "b": "0x1F", "c": "2024-01-01", "d": "1:30"},
    ),
    "null and Booleans of YAML 1.2": (
        b"[true, False, null, ~, yes, off, 'true']",
        [True, False, None, None, "yes", "off", "true"],
    ),
    "an empty value is null": (b"a:\nb: ''", {"a": None, "b": ""}),
    "an empty document is null": (b"", None),
    "tagged values": (b"[!!str true, !!int 5, !!null '', !!bool 'true', ! no]", ["true", "5", None, True, "no"]),
    "tagged collections": (b"!!map {a: !!seq []}", {"a": []}),
    "aliases of texts and collections": (
        b"a: &t x\nb: &c [*t, &e {k: *t}]\nc: *c\nd: *e",
        {"a": "x", "b": ["x", {"k": "x"}], "c": ["x", {"k": "x"}], "d": {"k": "x"}},
    ),
    "merges, one's own members first": (
        b"- &a {x: 1, y: 1}\n- &b {y: 2, z: 2}\n- {<<: [*a, *b], x: 0}\n- {z: 0, <<: *b}",
        [{"x": "1", "y": "1"}, {"y": "2", "z": "2"}, {"x": "0", "y": "1", "z": "2"}, {"z": "0", "y": "2"}],
    ),
    "two angle brackets that merge nothing": (b"[<<, {'<<': <<}]", ["<<", {"<<": "<<"}]),
    "aliases and merge keys": (
        b"x: &x {a: b}\ny: {<<: *x, c: d}\nz: [*x, &s s, *s]",
        {"x": {"a": "b"}, "y": {"a": "b", "c": "d"}, "z": [{"a": "b"}, "s", "s"]},
    ),
    "anchored lists": (b"- &l [a, b]\n- *l", [["a", "b"], ["a", "b"]]),
}


@pytest.mark.parametrize(("data", "value"), VALUES.values(), ids=VALUES)
def test_values(data: bytes, value: Any) -> None:
    assert decode_yaml(data, limits=DEFAULT_LIMITS) == value


REFUSED = {
    "a tag that builds an object": (b"!!python/object/apply:os.system ['id']", "is not YAML"),
    "an unfinished list": (b"[a, b", "`pnpm-lock.yaml` is not YAML: while parsing a flow sequence"),
    "a set": (b"!!set {a, b}", "constructor for the tag `tag:yaml.org,2002:set`"),
    "a tag of one's own on a text": (b"a: !mine b", "constructor for the tag `!mine`"),
    "a Boolean that is none": (b"!!bool maybe", "constructor for the tag"),
    "a key twice": (b"a: 1\nb: 2\na: 3", "key `a` appears twice"),
    "a merge of a text": (b"<<: a", "expected a mapping"),
    "two documents": (b"--- a\n--- b", "is not YAML"),
    "an unknown alias": (b"- *nobody", "is not YAML"),
    "bytes that are no UTF-8": (b"a: \xff\xfe\xff", "is not YAML"),
    "a list as a key": (b"? [a]\n: b", "is not YAML"),
    "an alias inside its anchor": (b"a: &a [b, *a]", "inside its own anchor"),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        decode_yaml(data, limits=DEFAULT_LIMITS, what="pnpm-lock.yaml")


def laughs(levels: int) -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


BOUNDED = {
    "a billion laughs": (laughs(10), "1000000 nodes when its aliases are expanded"),
    "a hundred thousand levels": (b"[" * 100_000, "nested deeper than 512 levels"),
    "too many bytes": (b" " * 2_000_001, "has 2000001 bytes"),
}


@pytest.mark.parametrize(("data", "message"), BOUNDED.values(), ids=BOUNDED)
def test_bounds(data: bytes, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        decode_yaml(data, limits=Limits(json_bytes=2_000_000))


def test_documents_of_a_stream_come_one_by_one() -> None:
    documents = decode_yaml_documents(b"--- {a: 1}\n---\n--- [", limits=DEFAULT_LIMITS, what="f")

    assert [next(documents), next(documents)] == [{"a": "1"}, None]
    with pytest.raises(ArtifactError, match="`f` is not YAML"):
        next(documents)


def test_anchors_end_with_their_document() -> None:
    with pytest.raises(ArtifactError, match="undefined alias `a`"):
        list(decode_yaml_documents(b"--- &a b\n--- *a", limits=DEFAULT_LIMITS))


def test_documents_share_the_bounds() -> None:
    with pytest.raises(LimitError):
        list(decode_yaml_documents(b"--- [a, b]\n" * 4, limits=Limits(yaml_nodes=10)))
