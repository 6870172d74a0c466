"""The layers of an image as people know them: their number, and the instruction of the build file that made them.

The image configuration's `history` (OCI image specification, "Image Configuration") has an entry for each instruction;
those that are not marked `empty_layer` made the layers, in the same order. Where their number is another than that of
the layers, nobody knows which made which, and only numbers are told.

Docker's builders write what they run, not what was asked for: `/bin/sh -c #(nop) ADD …` is `ADD …`, `/bin/sh -c …` and
BuildKit's `RUN /bin/sh -c … # buildkit` are `RUN …`.
"""

from __future__ import annotations

from typing import Any, Final

from assaymark.model.package import LayerRef
from assaymark.model.report import Metadata

_SHELL: Final = "/bin/sh -c "
_NO_OPERATION: Final = "#(nop) "
_BUILDKIT: Final = "# buildkit"


class Layers:
    """The layers of one report; there are none where no image was scanned."""

    def __init__(self, metadata: Metadata) -> None:
        self._numbers = {diff_id: number for number, diff_id in enumerate(metadata.diff_ids, 1)}
        self.count: Final = len(metadata.diff_ids)
        made = _instructions(metadata.image_config)
        self._instructions = made if len(made) == self.count else []

    def number(self, layer: LayerRef) -> int:
        """Which layer it is, from 1 at the bottom; 0 where it is none of them."""
        return self._numbers.get(layer.diff_id, 0)

    def instruction(self, number: int) -> str:
        """What made a layer, untrusted; empty where it is not known."""
        return self._instructions[number - 1] if 0 < number <= len(self._instructions) else ""


def _instructions(config: dict[str, Any] | None) -> list[str]:
    history = (config or {}).get("history")
    entries = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    return [_instruction(entry.get("created_by")) for entry in entries if entry.get("empty_layer") is not True]


def _instruction(created_by: Any) -> str:
    if not isinstance(created_by, str):
        return ""
    text = " ".join(created_by[:4096].split()).removesuffix(_BUILDKIT).rstrip()
    if text.startswith(_SHELL):
        ran = text.removeprefix(_SHELL)
        return ran.removeprefix(_NO_OPERATION) if ran.startswith(_NO_OPERATION) else f"RUN {ran}"
    if text.startswith("RUN "):  # with build arguments: `RUN |1 VERSION=2 /bin/sh -c …`
        before, shell, ran = text.partition(_SHELL)
        return f"RUN {ran}" if shell and (before == "RUN " or before.startswith("RUN |")) else text
    return text
