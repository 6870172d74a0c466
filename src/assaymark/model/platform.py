"""Platforms (OCI image-spec, "Image Index"): `os/architecture[/variant]`."""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.errors import UsageError


class Platform(
    msgspec.Struct, frozen=True, kw_only=True, rename={"os_version": "os.version", "os_features": "os.features"}
):
    """What an index says about a manifest; unknown members are ignored."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.os, self.architecture, *([self.variant] if self.variant else [])]
        return "/".join(parts)

    @property
    def spelled(self) -> str:
        """As `parse_platform` reads it, with the system's version."""
        return f"{self}:{self.os_version}" if self.os_version else str(self)

    def satisfies(self, wanted: Platform) -> bool:
        """Whether this platform is the one that `wanted` asks for; empty members of `wanted` ask for nothing."""
        pairs = (
            (self.os, wanted.os),
            (self.architecture, wanted.architecture),
            (self.variant, wanted.variant),
            (self.os_version, wanted.os_version),
        )
        return all(not asked or have == asked for have, asked in pairs)


DEFAULT_PLATFORM: Final = Platform(os="linux", architecture="amd64")
"""What go-containerregistry, and so the reference, takes without `--platform`."""

ALL_PLATFORMS: Final = "all"
"""Every platform of an index, where several can be asked for."""


def parse_platform(text: str) -> Platform:
    """The platform that `os/arch[/variant][:os.version]` spells.

    Raises:
        UsageError: not of that form.
    """
    head, _, os_version = text.partition(":")
    parts = head.split("/")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise UsageError(f"`{text}` is not a platform", hint="write os/arch or os/arch/variant, such as linux/arm64/v8")
    padded = [*parts, "", ""]
    return Platform(os=padded[0], architecture=padded[1], variant=padded[2], os_version=os_version)


def parse_platforms(text: str) -> tuple[Platform, ...]:
    """The platforms of a list with commas; none for `all`, which asks for nothing in particular.

    Raises:
        UsageError: one is not of the form of `parse_platform`.
    """
    return () if text == ALL_PLATFORMS else tuple(parse_platform(part.strip()) for part in text.split(","))
