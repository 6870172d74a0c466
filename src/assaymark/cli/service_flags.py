"""Flags that name services, each as often as there are such services."""

from __future__ import annotations

from argparse import _ActionsContainer


def add_service_list(parser: _ActionsContainer, name: str, about: str) -> None:
    """A flag whose values are kept whole: there are commas in them."""
    parser.add_argument(name, action="append", default=[], metavar="NAME=VALUE,…", help=about)
