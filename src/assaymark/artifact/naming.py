"""What an image is called in the report: the chosen `Reference` and the `ArtifactID`.

The rules are the reference's, so that two reports of the same image can be joined on these fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from assaymark.model.artifact import GitFacts
from assaymark.model.reference import Reference, find_reference
from assaymark.model.report import Metadata

ARCHIVE_SUFFIXES: Final = frozenset({".tar", ".gz", ".gzip", ".tgz"})


def choose_reference(name: str, *, repo_tags: Sequence[str], repo_digests: Sequence[str]) -> Reference | None:
    """The reference that stands for the image; None where no tag and no digest can be parsed.

    Rules:
        1. Candidates are the tags, then the digests, in their order. A repository called by one letter is none.
        2. An artifact name that looks like an archive, or is no reference, takes the first.
        3. Otherwise the first that means the same as the name; where none does, the first.
    """
    candidates = [found for text in (*repo_tags, *repo_digests) if (found := _find_candidate(text)) is not None]
    if not candidates:
        return None
    if _suffix(name) in ARCHIVE_SUFFIXES or (wanted := _find_candidate(name)) is None:
        return candidates[0]
    return next((candidate for candidate in candidates if candidate.name == wanted.name), candidates[0])


def artifact_id(image_id: str, reference: Reference | None) -> str:
    """The image's `ArtifactID`: its configuration in its repository, whatever the tag."""
    if reference is None:
        return image_id
    return _sha256(f"{image_id}:{reference.context}")


def repository_id(name: str, git: GitFacts) -> str:
    """The `ArtifactID` of a git work tree; empty where it has no commit."""
    if not git.commit:
        return ""
    return _sha256(f"{git.repo_url or name}@{git.commit}")


def repository_metadata(git: GitFacts) -> Metadata:
    """What the report says of a git work tree."""
    return Metadata(
        repo_url=git.repo_url,
        branch=git.branch,
        tags=git.tags,
        commit=git.commit,
        commit_msg=git.commit_msg,
        author=git.author,
        committer=git.committer,
    )


def _find_candidate(text: str) -> Reference | None:
    """Rule 1: go-containerregistry, by which the reference goes, wants two letters; registries do not."""
    found = find_reference(text)
    last = text.partition("@")[0].rpartition("/")[2].partition(":")[0]
    implied = "" if "library/" in text else "library/"
    return None if found is None or (len(last) == 1 and found.repository in (last, implied + last)) else found


def _suffix(name: str) -> str:
    """What follows the last dot of the last component, that dot included (as Go has it: `.tar` is all suffix)."""
    _, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return (dot + suffix).lower()


def _sha256(text: str) -> str:
    return "sha256:" + sha256(text.encode(errors="surrogateescape")).hexdigest()
