"""The variables of a POM: `${name}` (maven.apache.org/pom.html, "Properties").

Rules:

1. A value may hold variables again. One that leads back to itself makes the text empty; one that nobody defines is
   empty itself. Blanks around the result go.
2. `${env.NAME}` is always empty: the environment of whoever scans is no part of a project, and may hold secrets.
3. Nesting, the length of results and the number of replacements for one file are bounded (CVE-2003-1564's billion
   laughs need no XML entities).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from assaymark.errors import LimitError
from assaymark.limits import Limits

Properties = Mapping[str, str]

_VARIABLE: Final = re.compile(r"\$\{([^\t\n\f\r ]+?)\}")
_ENVIRONMENT: Final = "env."
NOTHING: Final[Properties] = {}


def is_variable(text: str) -> bool:
    """Whether the text is one variable."""
    return text.startswith("${") and text.endswith("}")


class Evaluator:
    """Replaces variables, within the bounds of one file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.pom_replacements

    def value(self, text: str, properties: Properties) -> str:
        """The text without its variables.

        Raises:
            LimitError: there are too many, too deep, or they become too long.
        """
        return self._value(text, properties, ()) if "${" in text else text.strip()

    def _value(self, text: str, properties: Properties, seen: tuple[str, ...]) -> str:
        limits = self._limits
        for match in _VARIABLE.finditer(text):
            replacement, name = "", match[1]
            if not name.startswith(_ENVIRONMENT) and name in properties:
                self._left -= 1
                if self._left < 0 or len(seen) >= limits.pom_depth:
                    raise LimitError(
                        f"more than {limits.pom_replacements} variables, or {limits.pom_depth} in each other"
                    )
                value = properties[name]
                if value in seen:
                    return ""
                replacement = self._value(value, properties, (*seen, value))
                seen = ()
            text = text.replace(match[0], replacement)
            if len(text) > limits.field_bytes:
                raise LimitError(f"a value of more than {limits.field_bytes} characters")
        return text.strip()
