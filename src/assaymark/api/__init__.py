"""The public API: what `assaymark` offers to programs; the names are listed in `assaymark/__init__.py`.

It stands where the command line stands, above `pipeline.py` and `scan.py`, and neither imports the other. What both
need is below them. Nothing is printed, nobody is asked, and no state is kept between calls: what a person would be told
is a value of the result, what a person would be asked has to be said beforehand.

What modules log under `assaymark` is for whoever configures logging. Where nobody does, Python would print warnings to
stderr, so a handler that does nothing stands there (Python's logging how-to, "Configuring Logging for a Library").
"""

from __future__ import annotations

import logging

logging.getLogger("assaymark").addHandler(logging.NullHandler())
