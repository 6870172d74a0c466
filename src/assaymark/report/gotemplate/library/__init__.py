"""The functions of templates: Go's own, sprig's, and those that the reference adds.

sprig (https://masterminds.github.io/sprig) as far as it is about text, lists, dicts, numbers, dates, regular
expressions and encodings. Left out: what asks the network, makes keys, certificates, passwords or random numbers,
compares semantic versions, or splits words of identifiers.
"""

from __future__ import annotations

from functools import cache

from assaymark.report.gotemplate.library.builtin import BUILTIN
from assaymark.report.gotemplate.library.codecs import CODECS
from assaymark.report.gotemplate.library.dates import DATES
from assaymark.report.gotemplate.library.dicts import DICTS
from assaymark.report.gotemplate.library.kinds import KINDS
from assaymark.report.gotemplate.library.lists import LISTS
from assaymark.report.gotemplate.library.numbers import NUMBERS
from assaymark.report.gotemplate.library.patterns import PATTERNS
from assaymark.report.gotemplate.library.surroundings import SURROUNDINGS
from assaymark.report.gotemplate.library.texts import TEXTS
from assaymark.report.gotemplate.values import Function


@cache
def functions() -> dict[str, Function]:
    """Every function by its name."""
    return BUILTIN | CODECS | DATES | DICTS | KINDS | LISTS | NUMBERS | PATTERNS | SURROUNDINGS | TEXTS
