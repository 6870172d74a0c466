"""Where databases are published: the repositories that are asked where nobody names others, in order.

They are the reference's (`aquasecurity/trivy-db`, `aquasecurity/trivy-java-db`): a mirror first, then GitHub.
"""

from __future__ import annotations

from typing import Final

DEFAULT_REPOSITORIES: Final = ("mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2")
DEFAULT_JAVA_REPOSITORIES: Final = ("mirror.gcr.io/aquasec/trivy-java-db:1", "ghcr.io/aquasecurity/trivy-java-db:1")
