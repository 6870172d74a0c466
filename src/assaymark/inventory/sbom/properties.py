"""Properties by which the reference keeps in an SBOM what its format has no place for.

CycloneDX has them as `properties` with the prefix `aquasecurity:trivy:`, SPDX as annotations.
"""

from __future__ import annotations

from typing import Final

TYPE: Final = "Type"

IMAGE_ID: Final = "ImageID"
REPO_DIGEST: Final = "RepoDigest"
REPO_TAG: Final = "RepoTag"
DIFF_ID: Final = "DiffID"
REFERENCE: Final = "Reference"

PKG_ID: Final = "PkgID"
FILE_PATH: Final = "FilePath"
SRC_NAME: Final = "SrcName"
SRC_VERSION: Final = "SrcVersion"
SRC_RELEASE: Final = "SrcRelease"
SRC_EPOCH: Final = "SrcEpoch"
MODULARITY_LABEL: Final = "Modularitylabel"
LAYER_DIGEST: Final = "LayerDigest"
LAYER_DIFF_ID: Final = "LayerDiffID"
CONTENT_SET: Final = "ContentSet"
NVR: Final = "NVR"
ARCH: Final = "Arch"

EXTENDED: Final = "assaymark:extended"
SUPPLIER: Final = "assaymark:supplier"
"""Ours, of an operating system: extended maintenance, and who rebuilt it. Advisories depend on both."""

KEPT: Final = frozenset(
    {TYPE, IMAGE_ID, REPO_DIGEST, REPO_TAG, DIFF_ID, REFERENCE, PKG_ID, FILE_PATH, SRC_NAME, SRC_VERSION, SRC_RELEASE}
    | {SRC_EPOCH, MODULARITY_LABEL, LAYER_DIGEST, LAYER_DIFF_ID, CONTENT_SET, NVR, ARCH, EXTENDED, SUPPLIER}
)
