"""Structural hashes: values that the reference printed, and the fast way against the plain one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inventory.fnv import OFFSET, fnv, fnv_fold, fnv_texts, fnv_word, fnv_words
from assaymark.inventory.uid import package_uids
from assaymark.model.package import Location, Package, PackageRepository, Relationship

WORDS = st.integers(min_value=0, max_value=2**64 - 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    # http://www.isthe.com/chongo/src/fnv/test_fnv.c
    [(b"", 0xCBF29CE484222325), (b"a", 0xAF63BD4C8601B7BE), (b"foobar", 0x340D8765A4DDA9C2)],
)
def test_fnv_has_its_authors_values(text: bytes, expected: int) -> None:
    assert fnv(text) == expected


@given(texts=st.lists(st.binary(max_size=3), max_size=150), state=WORDS)
def test_texts_side_by_side_hash_as_alone(texts: list[bytes], state: int) -> None:
    assert fnv_texts(texts, [state] * len(texts)) == [fnv(text, state) for text in texts]


@given(words=st.lists(WORDS, max_size=80), state=WORDS)
def test_words_side_by_side_hash_as_alone(words: list[int], state: int) -> None:
    assert fnv_words(words, [state] * len(words)) == [fnv_word(word, state) for word in words]


def test_more_values_than_fit_side_by_side() -> None:
    texts = [b"%05d" % number for number in range(2_500)]

    assert fnv_texts(texts, [OFFSET] * 2_500) == [fnv(text) for text in texts]


def test_lockfile_package_has_the_known_value() -> None:
    package = Package(name="Flask", version="2.0.0", locations=(Location(start_line=5, end_line=5),), analyzed_by="pip")

    assert package_uids([package], ["requirements.txt"]) == ["5049a0ae927ae04b"]


def test_graph_package_has_the_known_value() -> None:
    package = Package(
        id="debug@2.6.9",
        name="debug",
        version="2.6.9",
        indirect=True,
        relationship=Relationship.INDIRECT,
        depends_on=("ms@2.0.0",),
        locations=(Location(start_line=22, end_line=29),),
        analyzed_by="npm",
    )

    assert package_uids([package], ["package-lock.json"]) == ["b951e47da8787598"]


FULL = Package(
    id="libx@1:2-3",
    name="libx",
    version="2",
    release="3",
    epoch=1,
    arch="amd64",
    dev=True,
    src_name="x",
    src_version="2",
    src_release="3",
    src_epoch=1,
    licenses=("MIT", "ISC"),
    maintainer="Somebody <a@example.org>",
    modularitylabel="m",
    repository=PackageRepository(class_="official"),
    indirect=True,
    relationship=Relationship.INDIRECT,
    depends_on=("a@1",),
    file_path="x/y",
    digest="sha256:00",
    locations=(Location(start_line=1, end_line=2), Location()),
    installed_files=("/usr/lib/a", "/usr/lib/b", "c"),
    analyzed_by="dpkg",
)


def test_packages_together_hash_as_alone() -> None:
    many = [FULL, *(Package(name=f"p{number}", version="1", epoch=number % 3) for number in range(60)), FULL]

    assert package_uids(many, [""] * len(many)) == [package_uids([package], [""])[0] for package in many]


@pytest.mark.parametrize("epoch", [-1, 2**63, 2**70 + 5], ids=["negative", "beyond 63 bits", "beyond 64 bits"])
def test_absurd_epochs_wrap_around(epoch: int) -> None:
    wrapped = (epoch + 2**63) % 2**64 - 2**63

    assert package_uids([Package(name="a", epoch=epoch)], [""]) == package_uids(
        [Package(name="a", epoch=wrapped)], [""]
    )


def test_the_path_tells_equal_packages_apart() -> None:
    assert len(set(package_uids([FULL, FULL], ["a", "b"]))) == 2


def test_nothing_hashes_to_nothing() -> None:
    assert package_uids([], []) == []


def test_lists_are_folded_alike_side_by_side_and_one_by_one() -> None:
    """Some of these lists are so much longer than the others that they end alone."""
    lists = [tuple(f"/usr/{number}/{place}" for place in range(number * number)) for number in range(40)]
    packages = [Package(name="a", installed_files=files) for files in lists]

    together = package_uids(packages, [""] * len(packages))

    assert together == [uid for package in packages for uid in package_uids([package], [""])]


def test_fold_is_the_hash_of_state_and_word() -> None:
    words = [0, 1, 2**64 - 1, 0x0123456789ABCDEF]
    expected = 7
    for word in words:
        expected = fnv_word(word, fnv_word(expected))

    assert fnv_fold(7, words) == expected
    assert fnv_fold(7, []) == 7
