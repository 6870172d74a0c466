"""`--image-src containerd`: says what to use instead.

containerd speaks gRPC; until that is proven on a real daemon it is passed over when nobody asked for it, and
explained when somebody did.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from assaymark.artifact.source import ImageRequest, Source
from assaymark.errors import UsageError
from assaymark.model.artifact import Image


def open_containerd_image(request: ImageRequest) -> AbstractContextManager[Image]:
    """Nothing.

    Raises:
        UsageError: always.
    """
    raise UsageError(
        "images in containerd's own store are not supported yet",
        hint=f"export the image: `ctr images export image.tar {request.name}` and `assaymark image --input image.tar`",
    )


SOURCE: Final = Source(name="containerd", open=open_containerd_image)
