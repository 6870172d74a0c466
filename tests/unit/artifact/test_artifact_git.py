"""Git work trees, written here byte by byte, so that no `git` is needed."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import pytest

from assaymark.artifact.directory import open_directory
from assaymark.artifact.git import find_git_facts
from assaymark.artifact.git_config import read_config
from assaymark.artifact.git_objects import apply_delta
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import GitFacts

PEOPLE = b"author Ann B <a@b.c> 1 +0000\ncommitter Ci <c@d.e> 2 +0000\n"
COMMIT = b"tree " + b"0" * 40 + b"\n" + PEOPLE + b"gpgsig -----BEGIN\n \n -----END\n\nfirst\n\nbody  \n"
PADDED = COMMIT + b"x" * 300


def name_of(data: bytes, kind: str = "commit") -> str:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


NAME = name_of(COMMIT)
FACTS = GitFacts(branch="main", commit=NAME, commit_msg="first\n\nbody", author="Ann B <a@b.c>", committer="Ci <c@d.e>")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def loose(git: Path, data: bytes, kind: str = "commit") -> str:
    name = name_of(data, kind)
    path = git / "objects" / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data))
    return name


def repository(root: Path, head: str = "ref: refs/heads/main\n") -> Path:
    git = root / ".git"
    loose(git, COMMIT)
    write(git / "HEAD", head)
    write(git / "refs" / "heads" / "main", NAME + "\n")
    return git


def facts(root: Path, limits: Limits = DEFAULT_LIMITS) -> GitFacts | None:
    return find_git_facts(root, limits=limits)


def test_a_commit_on_a_branch(tmp_path: Path) -> None:
    repository(tmp_path)
    assert facts(tmp_path) == FACTS
    assert open_directory(str(tmp_path)).git == FACTS


def test_parents_are_not_searched(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / "below").mkdir()
    assert facts(tmp_path / "below") is None


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    repository(tmp_path, head=NAME)
    assert facts(tmp_path) == GitFacts(
        commit=NAME, commit_msg=FACTS.commit_msg, author=FACTS.author, committer=FACTS.committer
    )


def test_packed_references_and_tags_in_order(tmp_path: Path) -> None:
    git = repository(tmp_path, head="ref: refs/heads/packed")
    other = "1" * 40
    packed = f"# pack-refs with: peeled\n{NAME} refs/heads/packed\n{NAME} refs/tags/a\n{other} refs/tags/b\n^{NAME}\n"
    write(git / "packed-refs", f"{packed}{NAME} refs/tags/moved\n")
    for tag, target in (("v1", NAME), ("v/2", NAME), ("moved", other), ("z", other)):
        write(git / "refs" / "tags" / tag, target)
    found = facts(tmp_path)
    assert found is not None
    assert (found.branch, found.tags) == ("packed", ("v/2", "v1", "a"))


URLS = [
    pytest.param('[remote "origin"]\n url = https://u:p@h/r.git\n', "https://h/r.git", id="user-info goes"),
    pytest.param('[remote "origin"]\n\turl = git@h:r.git\n', "git@h:r.git", id="another notation stays"),
    pytest.param(
        '[remote "origin"]\nurl = a\n[remote "upstream"]\nurl = "b c" # note\nurl = d\n', "b c", id="upstream is first"
    ),
    pytest.param('[REMOTE "origin"] URL = x\\\ny ; note\n', "xy", id="letter case and a continued line"),
    pytest.param('[remote "Origin"]\nurl = x\n', "", id="the letter case of a remote counts"),
    pytest.param("[remote\nurl = x\n", "", id="a malformed line"),
]


@pytest.mark.parametrize(("config", "expected"), URLS)
def test_the_url_of_the_remote(tmp_path: Path, config: str, expected: str) -> None:
    write(repository(tmp_path) / "config", config)
    found = facts(tmp_path)
    assert found is not None
    assert expected == found.repo_url


def test_values_of_a_configuration() -> None:
    text = '[a "b\\"c"]\nk\nq = " x \\t" y \\n\n[d.e]\n1bad = x\nm = \\q\n'
    assert read_config(text) == {
        ("a", 'b"c', "k"): ["true"],
        ("a", 'b"c', "q"): [" x \t y \n"],
        ("d.e", "", "m"): ["q"],
    }


def entry(number: int, data: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    """An object as a pack stores it."""
    left = len(data) if size is None else size
    header = bytearray([number << 4 | left & 15])
    left >>= 4
    while left:
        header[-1] |= 0x80
        header.append(left & 0x7F)
        left >>= 7
    return bytes(header) + base + zlib.compress(data)


def delta(base: bytes, result: bytes) -> bytes:
    """Copies the whole base, and adds the rest."""

    def varint(value: int) -> bytes:
        return bytes([value & 0x7F | 0x80, value >> 7])

    added = result[len(base) :]
    copied = bytes([0x80 | 0x10 | 0x20, len(base) & 255, len(base) >> 8])
    pieces = b"".join(bytes([len(added[at : at + 100])]) + added[at : at + 100] for at in range(0, len(added), 100))
    return varint(len(base)) + varint(len(result)) + copied + pieces


def found_commit(root: Path) -> str:
    found = facts(root)
    return found.commit if found else ""


def write_pack(git: Path, objects: list[tuple[str, bytes]], *, large: bool = False) -> None:
    """A pack of the objects, each with its stored form, and the index of version 2."""
    pack, offsets = b"PACK" + struct.pack(">II", 2, len(objects)), {}
    for name, stored in objects:
        offsets[name] = len(pack)
        pack += stored
    names = sorted(offsets)
    fanout = [sum(int(name[:2], 16) <= byte for name in names) for byte in range(256)]
    table = [0x80000000 | number if large else offsets[name] for number, name in enumerate(names)]
    index = b"\xfftOc" + struct.pack(">I", 2) + struct.pack(">256I", *fanout)
    index += b"".join(map(bytes.fromhex, names)) + bytes(4 * len(names)) + struct.pack(f">{len(names)}I", *table)
    index += b"".join(struct.pack(">Q", offsets[name]) for name in names) if large else b""
    folder = git / "objects" / "pack"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack-1.idx").write_bytes(index)
    (folder / "pack-1.pack").write_bytes(pack)


def packed(root: Path, name: str, objects: list[tuple[str, bytes]], *, large: bool = False) -> None:
    git = root / ".git"
    write(git / "HEAD", name)
    write_pack(git, objects, large=large)


@pytest.mark.parametrize("large", [False, True])
def test_a_packed_commit(tmp_path: Path, large: bool) -> None:
    packed(tmp_path, NAME, [(name_of(PADDED), entry(1, PADDED)), (NAME, entry(1, COMMIT))], large=large)
    assert found_commit(tmp_path) == NAME


def test_a_commit_packed_as_a_delta_by_offset(tmp_path: Path) -> None:
    base, change = entry(1, COMMIT), delta(COMMIT, PADDED)
    near, far = len(base), len(base) + 300
    encoded = {near: bytes([(near >> 7) - 1 | 0x80, near & 0x7F] if near > 127 else [near])}
    encoded[far] = bytes([(far >> 7) - 1 | 0x80, far & 0x7F])
    packed(tmp_path, name_of(PADDED), [(NAME, base), (name_of(PADDED), entry(6, change, base=encoded[near]))])
    assert found_commit(tmp_path) == name_of(PADDED)
    filler = ("ff" * 20, bytes(300))
    objects = [(NAME, base), filler, (name_of(PADDED), entry(6, change, base=encoded[far]))]
    packed(tmp_path, name_of(PADDED), objects)
    assert found_commit(tmp_path) == name_of(PADDED)


def test_a_commit_packed_as_a_delta_by_name(tmp_path: Path) -> None:
    stored = entry(7, delta(COMMIT, PADDED), base=bytes.fromhex(NAME))
    packed(tmp_path, name_of(PADDED), [(name_of(PADDED), stored), (NAME, entry(1, COMMIT))])
    assert found_commit(tmp_path) == name_of(PADDED)


SELF = "ab" * 20
DAMAGED = [
    pytest.param([(SELF, entry(7, b"\x01\x01", base=bytes.fromhex(SELF)))], id="a delta of itself"),
    pytest.param([(SELF, entry(7, b"x", base=bytes(20)))], id="a delta of nothing"),
    pytest.param([(SELF, entry(6, b"x", base=b"\x7f"))], id="a delta of what lies before the pack"),
    pytest.param([(SELF, entry(6, b"x", base=b"\xff" * 40))], id="a distance without end"),
    pytest.param([(SELF, entry(5, b"x"))], id="an unknown kind"),
    pytest.param([(SELF, entry(1, b"x"))], id="another object"),
    pytest.param([(SELF, entry(1, b"x", size=1000))], id="a size that is too large"),
    pytest.param([(SELF, entry(1, b"x" * 99, size=5))], id="a size that is too small"),
    pytest.param([(SELF, b"\xff" * 30)], id="a size without end"),
    pytest.param([(SELF, b"\x95" + b"\x01" + b"garbage")], id="no zlib"),
    pytest.param([(SELF, b"")], id="nothing"),
    pytest.param([], id="no such object"),
]


@pytest.mark.parametrize("objects", DAMAGED)
def test_damaged_packs_are_no_repository(tmp_path: Path, objects: list[tuple[str, bytes]]) -> None:
    packed(tmp_path, SELF, objects)
    assert facts(tmp_path) is None


def test_truncated_and_foreign_indexes_are_no_repository(tmp_path: Path) -> None:
    packed(tmp_path, NAME, [(NAME, entry(1, COMMIT))])
    index = tmp_path / ".git" / "objects" / "pack" / "pack-1.idx"
    whole = index.read_bytes()
    for data in (whole[:1000], whole[:1040], whole[:-1], b"old " + whole):
        index.write_bytes(data)
        assert facts(tmp_path) is None


DELTAS = [
    pytest.param(b"", ArtifactError, "truncated", id="nothing"),
    pytest.param(b"\x04\x01\x01x", ArtifactError, "does not fit", id="another base"),
    pytest.param(b"\x03\x7f\x01x", LimitError, "more than 100", id="a large result"),
    pytest.param(b"\x03\x02\x01x", ArtifactError, "damaged", id="a short result"),
    pytest.param(b"\x03\x01\x00", ArtifactError, "damaged", id="the reserved instruction"),
    pytest.param(b"\x03\x05\x05x", ArtifactError, "damaged", id="fewer bytes than stated"),
    pytest.param(b"\x03\x05\x90\x05", ArtifactError, "beyond its base", id="a copy that is too long"),
    pytest.param(b"\x03\x05\x91", ArtifactError, "truncated", id="a copy without its numbers"),
]


@pytest.mark.parametrize(("change", "kind", "message"), DELTAS)
def test_damaged_deltas(change: bytes, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        apply_delta(b"abc", change, limit=100)


def test_a_delta_copies_and_adds() -> None:
    assert apply_delta(b"abc", b"\x03\x04\x91\x01\x02\x02xy", limit=100) == b"bcxy"


def test_no_commit_is_no_repository(tmp_path: Path) -> None:
    heads = ["", "ref: refs/heads/none", "ref: refs/heads/../../x", "ref: HEAD", "text", "ref: refs/heads/loop"]
    for number, head in enumerate(heads):
        root = tmp_path / str(number)
        write(repository(root, head=head) / "refs" / "heads" / "loop", "ref: refs/heads/loop")
        assert facts(root) is None


def test_a_damaged_or_huge_object_is_no_repository(tmp_path: Path) -> None:
    git = repository(tmp_path)
    assert facts(tmp_path, Limits(git_object_bytes=10)) is None
    bomb = loose(git, bytes(200_000))
    write(git / "HEAD", bomb)
    assert facts(tmp_path, Limits(git_object_bytes=5_000)) is None
    path = git / "objects" / NAME[:2] / NAME[2:]
    write(git / "HEAD", NAME)
    for data in (b"garbage", zlib.compress(b"commit 5\0x"), zlib.compress(b"commit 1\0x")):
        path.write_bytes(data)
        assert facts(tmp_path) is None
    write(git / "HEAD", loose(git, b"x", "tag"))
    assert facts(tmp_path) is None


def test_a_submodule_and_a_linked_work_tree(tmp_path: Path) -> None:
    git = repository(tmp_path / "main")
    module = repository(tmp_path / "elsewhere").rename(git / "module")
    write(module / "config", f"[core]\n worktree = {tmp_path}/sub\n")
    write(tmp_path / "sub" / ".git", "gitdir: ../main/.git/module\n")
    assert facts(tmp_path / "sub") == FACTS
    worktree = git / "worktrees" / "w"
    write(worktree / "HEAD", "ref: refs/heads/main")
    write(worktree / "commondir", "../..\n")
    write(worktree / "gitdir", f"{tmp_path}/w/.git\n")
    write(tmp_path / "w" / ".git", f"gitdir: {worktree}\n")
    assert facts(tmp_path / "w") == FACTS


def test_a_tree_cannot_name_another_repository(tmp_path: Path) -> None:
    git = repository(tmp_path / "private")
    write(tmp_path / "a" / ".git", f"gitdir: {git}\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / ".git").symlink_to(git)
    borrowed = repository(tmp_path / "c")
    (borrowed / "refs" / "heads" / "main").unlink()
    (borrowed / "refs" / "heads" / "main").symlink_to(git / "refs" / "heads" / "main")
    write(tmp_path / "d" / ".git", "text")
    assert [facts(tmp_path / name) for name in "abcd"] == [None] * 4


def test_a_link_to_a_repository_inside_is_followed(tmp_path: Path) -> None:
    repository(tmp_path).rename(tmp_path / "store")
    (tmp_path / ".git").symlink_to("store")
    assert facts(tmp_path) == FACTS


def test_people_without_an_address(tmp_path: Path) -> None:
    git = repository(tmp_path)
    write(git / "HEAD", loose(git, b"author nobody\n\nx"))
    found = facts(tmp_path)
    assert found is not None
    assert (found.author, found.committer, found.commit_msg) == (" <>", " <>", "x")
