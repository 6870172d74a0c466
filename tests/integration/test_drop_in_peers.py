"""The list of the peers' flags is what the programs on this machine say of themselves."""

from __future__ import annotations

import shutil

import pytest
from scripts.drop_in import peer_flags
from tests.support.peer_help import knows, told_flags

pytestmark = pytest.mark.integration

COMMANDS = peer_flags()


@pytest.mark.parametrize(("tool", "command"), COMMANDS, ids=map(" ".join, COMMANDS))
def test_the_list_is_that_of_the_program(tool: str, command: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH")
    assert {flag for flag in COMMANDS[tool, command] if not flag.hidden} == told_flags(tool, command)


@pytest.mark.parametrize(("tool", "command"), COMMANDS, ids=map(" ".join, COMMANDS))
def test_what_it_hides_is_known_to_it(tool: str, command: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH")
    hidden = [flag.name for flag in COMMANDS[tool, command] if flag.hidden]
    assert [name for name in hidden if not knows(tool, command, name)] == []
