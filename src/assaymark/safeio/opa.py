"""Questions to Rego policies that the user wrote, answered by the `opa` on PATH (https://www.openpolicyagent.org/docs).

1. `opa` reads copies of the bytes that were read here, in a private folder, so that what is evaluated is what was
   hashed. It evaluates nothing else: no bundles, no data.
2. One process answers for many inputs: the query is asked once for each `with input as` it. An input for which the
   query is undefined has the answer `UNDEFINED`. As with the peers, who embed the same engine, an error for one input
   is an error, and a function that fails makes its expression undefined.
3. Version 0 of Rego is what the peers read; an `opa` older than 1.0 knows no other, and not the flag either.
4. Policies can ask for the environment (`opa.runtime()`): `opa` gets PATH, a HOME of its own, and the variables about
   proxies and certificates. Without a network the functions that connect do not exist.
5. Time, output and the size of one batch are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, Error, LocalError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import local_error
from assaymark.safeio.json import decode_go
from assaymark.safeio.process import Completed, ProgramKind, find_program, run_program
from assaymark.safeio.text import printable

_OPA: Final = "opa"
_VERSION_0: Final = "--v0-compatible"
_CONNECTING: Final = frozenset({"http.send", "net.lookup_ip_addr"})
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PASSED_ON: Final = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", *_PROXIES, *map(str.lower, _PROXIES))
_INSTALL: Final = "install it (https://www.openpolicyagent.org/docs) and put its folder on PATH"


class Undefined(Enum):
    """No answer; JSON has no value for it."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED


class Module(msgspec.Struct, frozen=True):
    """One policy: what messages call it, and its text."""

    name: str
    text: bytes


class Opa(msgspec.Struct, frozen=True, kw_only=True):
    """How `opa` is run.

    Attributes:
        environment: where it is found, and what is passed on.
        connects: whether policies may ask others.
        hint: what to do where there is no `opa`.
        version_0: whether policies are in the language as it was before `opa` 1.0, unless they say otherwise.
    """

    environment: Mapping[str, str]
    connects: bool = True
    hint: str = _INSTALL
    version_0: bool = True
    limits: Limits = DEFAULT_LIMITS

    def answers(self, query: str, modules: Sequence[Module], inputs: Sequence[bytes]) -> list[Any]:
        """What `query` is for each of the inputs, which are JSON documents; without any the policies are only compiled.

        Raises:
            UsageError: a policy cannot be compiled or evaluated.
            LocalError: there is no `opa`, or it took too long.
            LimitError: it wrote too much.
        """
        from tempfile import TemporaryDirectory, gettempdir

        self.check()
        try:
            with TemporaryDirectory(prefix="assaymark-") as name:
                asked = f"{{i: v | f := input[i]; v := {query} with input as f}}"
                batches = _Batches(self, Path(name), modules, asked)
                return [answer for batch in self._batches(inputs) for answer in batches.ask(batch)]
        except OSError as exc:
            raise local_error("write a temporary file in", Path(gettempdir()), exc) from exc

    def check(self) -> None:
        """Make sure that there is an `opa`.

        Raises:
            LocalError: there is none.
        """
        if find_program(ProgramKind.OPA, _OPA, environment=self.environment) is None:
            raise LocalError("program `opa` is not installed, and Rego policies need it", hint=self.hint)

    def run(self, arguments: Sequence[str], folder: Path) -> Completed:
        """Run `opa` in bounds (rules 4 and 5)."""
        passed = {name: self.environment[name] for name in _PASSED_ON if name in self.environment}
        return run_program(
            ProgramKind.OPA,
            _OPA,
            arguments,
            timeout=self.limits.policy_seconds,
            environment={**passed, "HOME": str(folder)},
            output_bytes=self.limits.policy_answer_bytes,
        )

    def _batches(self, inputs: Sequence[bytes]) -> Iterator[list[bytes]]:
        batch, size = list[bytes](), 0
        for each in inputs:
            if batch and size + len(each) > self.limits.policy_batch_bytes:
                yield batch
                batch, size = [], 0
            batch.append(each)
            size += len(each)
        yield batch


class _Batches:
    """One query to the same policies, batch after batch."""

    def __init__(self, opa: Opa, folder: Path, modules: Sequence[Module], query: str) -> None:
        self._opa = opa
        self._folder = folder
        self._query = query
        self._names = {f"{number}.rego": module.name for number, module in enumerate(modules)}
        self._input = folder / "input.json"
        self._arguments = [_VERSION_0] if opa.version_0 else []
        for number, module in enumerate(modules):
            (folder / f"{number}.rego").write_bytes(module.text)
            self._arguments += ["--data", str(folder / f"{number}.rego")]
        if not opa.connects:
            (folder / "capabilities.json").write_bytes(self._capabilities())
            self._arguments += ["--capabilities", str(folder / "capabilities.json")]

    def ask(self, inputs: Sequence[bytes]) -> list[Any]:
        """The answers for a batch."""
        self._input.write_bytes(b"[" + b",".join(inputs) + b"]")
        done = self._eval()
        if done.code and _VERSION_0.encode() in done.stderr and _VERSION_0 in self._arguments:  # rule 3
            self._arguments.remove(_VERSION_0)
            done = self._eval()
        document = self._decoded(done)
        if done.code or document.get("errors"):
            raise self._refusal(document, done)
        try:
            answers = document["result"][0]["expressions"][0]["value"]
            return [answers.get(str(number), UNDEFINED) for number in range(len(inputs))]
        except (AttributeError, IndexError, KeyError, TypeError) as exc:
            raise LocalError("program `opa` gave an answer that is not understood") from exc

    def _eval(self) -> Completed:
        words = ["eval", "--format", "json", *self._arguments, "--input", str(self._input), self._query]
        return self._opa.run(words, self._folder)

    def _decoded(self, done: Completed) -> dict[str, Any]:
        try:
            document = decode_go(done.stdout, limits=self._opa.limits, what="`opa`'s answer") if done.stdout else {}
        except ArtifactError as exc:
            raise LocalError(str(exc)) from exc
        return document if isinstance(document, dict) else {}

    def _refusal(self, document: dict[str, Any], done: Completed) -> Error:
        """The first error, with its place in the policy."""
        errors = document.get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        message = printable(str(first.get("message") or done.stderr.decode("utf-8", "replace").strip()))[:500]
        place = first.get("location")
        name = self._names.get(Path(str(place.get("file", ""))).name) if isinstance(place, dict) else None
        if name is None or not isinstance(place, dict):
            return LocalError(f"program `opa` ended with code {done.code}: {message}")
        hint = "the command is to connect to nobody (`--offline`)" if self._is_cut_off(message) else ""
        return UsageError(f"`{name}`, line {place.get('row', 1)}: {message}", hint=hint)

    def _is_cut_off(self, message: str) -> bool:
        return not self._opa.connects and any(each in message for each in _CONNECTING)

    def _capabilities(self) -> bytes:
        """Everything that this `opa` can do, but for connecting (rule 4)."""
        done = self._opa.run(["capabilities", "--current"], self._folder)
        able = self._decoded(done)
        kept = [each for each in able.get("builtins", ()) if each.get("name") not in _CONNECTING]
        if done.code or not kept:
            raise LocalError("program `opa` does not say what it can do, and so cannot be kept from connecting")
        return msgspec.json.encode({**able, "builtins": kept, "allow_net": []})
