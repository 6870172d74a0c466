"""What a template learns of its surroundings: variables, the version, and the way to give up.

`env` tells variables, because the reference's shipped templates need them. Those that hold credentials are refused: a
report is published, and a template may have been copied from somewhere.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from assaymark.report.gotemplate.results import source_id
from assaymark.report.gotemplate.run import Run
from assaymark.report.gotemplate.values import Function
from assaymark.version import __version__

_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*|[*#$@!?0-9-]))")


def _variable(run: Run, name: str) -> str:
    if name in run.withheld:
        raise ValueError(f"the variable `{name}` holds a credential")
    return run.environ.get(name, "")


def _expanded(run: Run, text: str) -> str:
    """`expandenv`: `$NAME` and `${NAME}`."""
    return _VARIABLE.sub(lambda match: _variable(run, match[1] or match[2] or ""), text)


def _fail(message: str) -> NoReturn:
    raise ValueError(message)


SURROUNDINGS: Final[dict[str, Function]] = {
    "appVersion": Function("", lambda: __version__),
    "env": Function("s", _variable, needs_run=True),
    "expandenv": Function("s", _expanded, needs_run=True),
    "fail": Function("s", _fail),
    "sourceID": Function("s", source_id),
}
