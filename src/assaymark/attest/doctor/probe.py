"""What a registry does with writes, found out by writing: only where somebody asked for it.

What is written is told before (`plan`): an empty configuration, which every artifact shares, two manifests that say
what they are, and a third that refers to the first, under one tag with a random name. They are unlike everything else,
so nothing of anybody's is touched, and no image gets a referrer. Then:

1. a manifest is pushed under the tag: without that, nothing more is tried (`pushes`);
2. another one is pushed under the same tag: refused where tags are immutable (`immutable_tags`);
3. the third is pushed, and the referrers API asked whether it lists it (`lists_referrers`; None without the API);
4. all that was pushed is deleted by digest (`deletes`). What cannot be deleted is named in `left`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import msgspec

from assaymark.errors import AuthenticationError, NetworkError, NotFoundError
from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.oci.content import ContentStore

PROBE_TYPE: Final = "application/vnd.assaymark.probe.v1"
_EMPTY: Final = b"{}"
_EMPTY_DIGEST: Final = sha256_digest(_EMPTY)


class Probe(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found out; None is "not known".

    Attributes:
        tag: where it was tried.
        left: what could not be removed, by digest.
        messages: what the registry said when it refused, by what was tried.
    """

    tag: str
    pushes: bool = False
    immutable_tags: bool | None = None
    lists_referrers: bool | None = None
    deletes: bool | None = None
    left: tuple[Digest, ...] = ()
    messages: dict[str, str] = {}


def probe_tag(random: Callable[[int], str] = secrets.token_hex) -> str:
    """A tag that nobody else has."""
    return f"assaymark-probe-{random(8)}"


def plan(store: ContentStore, tag: str) -> str:
    """What `probe_writes` will do, for people."""
    return f"three small manifests are pushed to `{store.name}` under the tag `{tag}`, and removed again"


def probe_writes(store: ContentStore, tag: str) -> Probe:
    """Steps 1 to 4.

    Raises:
        AuthenticationError: nobody may push there.
    """
    attempt = _Attempt(store, tag)
    attempt.push_first()
    if attempt.pushed:
        attempt.push_again()
        attempt.push_referrer()
        attempt.delete()
    return attempt.told()


class _Attempt:
    def __init__(self, store: ContentStore, tag: str) -> None:
        self._store, self._tag = store, tag
        self._messages: dict[str, str] = {}
        self._immutable: bool | None = None
        self._lists: bool | None = None
        self._deletes: bool | None = None
        self._left: tuple[Digest, ...] = ()
        self.pushed: list[Descriptor] = []

    def push_first(self) -> None:
        """Step 1."""
        try:
            self._store.push_blob(_EMPTY, media_type=OCI_EMPTY)
            self._push(self._manifest("first"), tag=self._tag)
        except AuthenticationError:
            raise
        except NetworkError as exc:
            self._messages["push"] = str(exc)

    def push_again(self) -> None:
        """Step 2."""
        try:
            self._push(self._manifest("second"), tag=self._tag, replaces=self.pushed[0].digest)
        except NetworkError as exc:  # also a conflict: nobody else writes this tag
            self._immutable = True
            self._messages["push again"] = str(exc)
        else:
            self._immutable = False

    def push_referrer(self) -> None:
        """Step 3."""
        subject = self.pushed[0]
        try:
            self._push(self._manifest("third", subject=subject))
            listed = self._store.referrers(subject.digest)
        except NetworkError as exc:
            self._messages["refer"] = str(exc)
            return
        if listed is not None:
            self._lists = self.pushed[-1].digest in {item.digest for item in listed}

    def delete(self) -> None:
        """Step 4, the referrer first."""
        left = []
        for descriptor in reversed(self.pushed):
            try:
                self._store.delete_manifest(descriptor.digest)
            except NotFoundError:  # some registries remove a subject's referrers with it
                continue
            except NetworkError as exc:
                self._messages["delete"] = str(exc)
                left.append(descriptor.digest)
        self._deletes = not left
        self._left = tuple(left)

    def told(self) -> Probe:
        """What was found out."""
        return Probe(
            tag=self._tag,
            pushes=bool(self.pushed),
            immutable_tags=self._immutable,
            lists_referrers=self._lists,
            deletes=self._deletes,
            left=self._left,
            messages=self._messages,
        )

    def _push(self, data: bytes, *, tag: str = "", replaces: Digest | None = None) -> None:
        pushed = self._store.push_manifest(
            data, media_type=OCI_MANIFEST, tag=tag, replaces=replaces, artifact_type=PROBE_TYPE
        )
        self.pushed.append(pushed)

    def _manifest(self, part: str, *, subject: Descriptor | None = None) -> bytes:
        empty = {"mediaType": OCI_EMPTY, "digest": _EMPTY_DIGEST, "size": len(_EMPTY)}
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": PROBE_TYPE,
            "config": empty,
            "layers": [empty],
            "annotations": {"org.opencontainers.image.title": f"{self._tag}, {part}: may be deleted"},
        }
        if subject is not None:
            document["subject"] = {"mediaType": OCI_MANIFEST, "digest": subject.digest, "size": subject.size}
        return msgspec.json.encode(document)
