"""The network and the registries of one command, made when they are first needed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.net.network import Network
    from assaymark.net.proxies import SpecialProxy
    from assaymark.oci.registry import Registry


class Connections:
    """What the flags and the environment say about the outside."""

    def __init__(self, args: Namespace, console: Console) -> None:
        self._args = args
        self._console = console

    @cached_property
    def network(self) -> Network:
        """The only way out; with `--offline` there is none."""
        from assaymark.cli.network_flags import network_from

        return network_from(self._args, self._console.environ, DEFAULT_LIMITS)

    def network_through(self, special: Iterable[SpecialProxy]) -> Network:
        """The same, with proxies that come before those of the environment."""
        from assaymark.cli.network_flags import network_from

        return network_from(self._args, self._console.environ, DEFAULT_LIMITS, special)

    def registry(self) -> Registry:
        """The registries as this user reaches them."""
        return self._registry

    @cached_property
    def _registry(self) -> Registry:
        from assaymark.cli.network_flags import registry_from

        return registry_from(self._args, self._console.environ, self.network, DEFAULT_LIMITS)
