"""Keys in OpenBao's transit engine: `openbao://KEY` (`assaymark.attest.keys.transit`)."""

from __future__ import annotations

from typing import Final

from assaymark.attest.keys.managed import Service
from assaymark.attest.keys.transit import transit_scheme

KEY_SCHEME: Final = transit_scheme("openbao", Service.OPENBAO)
