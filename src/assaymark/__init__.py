"""assaymark: scan container images, prove the result, verify the proof.

`__all__` is the public API, and all that semantic versioning covers; `docs/api.md` documents it, and a test compares
the two. Names resolve when they are first used, so that `import assaymark` costs nothing.

Two of its functions have the names of stages: `assaymark.scan` is also a module, and `assaymark.attest` a package. The
import system sets a submodule as an attribute of its package whenever anybody imports it, so these two modules are made
callable as they arrive (Python's data model, "Customizing module attribute access"): calling the module calls the
function. The stages know nothing of it. `docs/adr/0009-modules-that-are-called.md` has the reasons and the drawbacks.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assaymark.version import __version__

if TYPE_CHECKING:
    from assaymark.api.attesting import Attested, Stored, attest
    from assaymark.api.comparing import Difference, diff
    from assaymark.api.report import Report
    from assaymark.api.scanning import scan
    from assaymark.api.settings import Credentials, Settings
    from assaymark.api.verified import Refused, Signer, Superseded, Verification, VerifiedAttestation
    from assaymark.api.verifying import verify
    from assaymark.errors import (
        ArtifactError,
        AuthenticationError,
        DatabaseError,
        Error,
        LimitError,
        LocalError,
        NetworkError,
        NotFoundError,
        OfflineError,
        SigningError,
        UsageError,
        VerificationError,
    )
    from assaymark.limits import Limits
    from assaymark.model.finding import Finding
    from assaymark.model.issue import Coverage, Denied, Issue
    from assaymark.model.package import Package
    from assaymark.model.progress import Progress, Task

__all__ = [
    "ArtifactError",
    "Attested",
    "AuthenticationError",
    "Coverage",
    "Credentials",
    "DatabaseError",
    "Denied",
    "Difference",
    "Error",
    "Finding",
    "Issue",
    "LimitError",
    "Limits",
    "LocalError",
    "NetworkError",
    "NotFoundError",
    "OfflineError",
    "Package",
    "Progress",
    "Refused",
    "Report",
    "Settings",
    "Signer",
    "SigningError",
    "Stored",
    "Superseded",
    "Task",
    "UsageError",
    "Verification",
    "VerificationError",
    "VerifiedAttestation",
    "__version__",
    "attest",
    "diff",
    "scan",
    "verify",
]

_HOMES = {
    "assaymark.api.attesting": ("Attested", "Stored", "attest"),
    "assaymark.api.comparing": ("Difference", "diff"),
    "assaymark.api.report": ("Report",),
    "assaymark.api.scanning": ("scan",),
    "assaymark.api.settings": ("Credentials", "Settings"),
    "assaymark.api.verified": ("Refused", "Signer", "Superseded", "Verification", "VerifiedAttestation"),
    "assaymark.api.verifying": ("verify",),
    "assaymark.limits": ("Limits",),
    "assaymark.model.finding": ("Finding",),
    "assaymark.model.issue": ("Coverage", "Denied", "Issue"),
    "assaymark.model.package": ("Package",),
    "assaymark.model.progress": ("Progress", "Task"),
}
_STAGES = frozenset({"attest", "scan"})


class _CalledModule(ModuleType):
    """A stage whose name is that of a function: calling it calls the function."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return _found(self.__name__.rpartition(".")[2])(*args, **keywords)

    @property
    def __signature__(self) -> Any:
        """What `help` and `inspect.signature` show."""
        from inspect import signature

        return signature(_found(self.__name__.rpartition(".")[2]))


class _Package(ModuleType):
    """This package, which sees its submodules arrive: the import system sets each of them as an attribute."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _STAGES and isinstance(value, ModuleType):
            value.__class__ = _CalledModule
        super().__setattr__(name, value)


if not TYPE_CHECKING:  # for type checkers a name that is none is an error, and not something of any type

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module `assaymark` has no attribute `{name}`")
        from importlib import import_module

        return import_module(f"assaymark.{name}") if name in _STAGES else _found(name)


def __dir__() -> list[str]:
    return __all__


def _found(name: str) -> Any:
    """The object that `name` stands for."""
    from importlib import import_module

    home = next((module for module, names in _HOMES.items() if name in names), "assaymark.errors")
    return getattr(import_module(home), name)


sys.modules[__name__].__class__ = _Package
