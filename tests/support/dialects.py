"""How ten registries differ, as facts that a `MemoryRegistry` plays under their real names.

Each entry says where its facts come from. They are what the services' documents and bug reports show; none of it was
observed by this project on the live services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.registry import Behaviour


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One service.

    Attributes:
        host: the registry's name; `repository` has the depth that the service wants.
        realm_host, blob_host: where tokens come from and blobs are redirected to; empty for the registry itself.
        behaviour: arguments of `Behaviour` on top of what the hosts imply.
        user: an account's name.
        writable: whether anybody can push at all.
        source: where the facts come from.
    """

    host: str
    repository: str
    realm_host: str = ""
    realm_path: str = "/token"
    blob_host: str = ""
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    user: str = "robin"
    writable: bool = True
    source: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that the service has."""
        return tuple(dict.fromkeys(filter(None, (self.host, self.realm_host, self.blob_host))))

    def played(self) -> Behaviour:
        """What the in-process registry is to do."""
        settings: dict[str, Any] = {
            "auth": "token",
            "anonymous_pull": True,
            "accounts": {self.user: "correct horse"},
            "realm": f"https://{self.realm_host or self.host}{self.realm_path}",
            "realm_paths": (self.realm_path,),
            "service": self.host,
            "blob_redirect": f"https://{self.blob_host}" if self.blob_host else "",
            "conditional": False,
        }
        return Behaviour(**{**settings, **self.behaviour})


DIALECTS: Final = (
    Dialect(
        host="index.docker.io",
        repository="robin/app",
        realm_host="auth.docker.io",
        blob_host="production.cloudflare.docker.com",
        behaviour={
            "service": "registry.docker.io",
            "referrers": False,
            "missing_is_denied": True,
            "headers": {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "99;w=21600"},
        },
        source="docs.docker.com: Registry authentication; Docker Hub pull usage and limits; jupyterhub/binderhub#993",
    ),
    Dialect(
        host="ghcr.io",
        repository="robin/app",
        blob_host="pkg-containers.githubusercontent.com",
        behaviour={"referrers": False, "error_shape": "plain"},
        source="docs.github.com: Working with the Container registry; its 404 of unknown routes is plain text",
    ),
    Dialect(
        host="mirror.gcr.io",
        repository="library/app",
        realm_path="/v2/token",
        behaviour={"referrers": False},
        writable=False,
        source="cloud.google.com: Pull cached Docker Hub images",
    ),
    Dialect(
        host="us-docker.pkg.dev",
        repository="project/repository/app",
        realm_path="/v2/token",
        behaviour={"anonymous_pull": False, "service": "", "scope": "", "referrers": True},
        user="_json_key",
        source="cloud.google.com: Artifact Registry Docker authentication; nicholas-fedor/watchtower#1895 (realm alone)",
    ),
    Dialect(
        host="123456789012.dkr.ecr.us-east-1.amazonaws.com",
        repository="app",
        blob_host="prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com",
        behaviour={
            "auth": "basic",
            "anonymous_pull": False,
            "basic_realm": "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/",
            "error_shape": "plain",
        },
        user="AWS",
        source="docs.aws.amazon.com: Private registry authentication in Amazon ECR; Amazon ECR and OCI 1.1 referrers",
    ),
    Dialect(
        host="example.azurecr.io",
        repository="app",
        realm_path="/oauth2/token",
        blob_host="eusmanaged1.blob.core.windows.net",
        behaviour={"anonymous_pull": False, "token_field": "access_token"},
        source="Azure/acr docs: AAD-OAuth.md; learn.microsoft.com: OCI artifacts and the referrers API",
    ),
    Dialect(
        host="quay.io",
        repository="robin/app",
        realm_path="/v2/auth",
        blob_host="cdn01.quay.io",
        behaviour={"missing_is_denied": True},
        source="docs.quay.io: OCI support and referrers; sigstore/docs#372",
    ),
    Dialect(
        host="registry.gitlab.com",
        repository="group/project/app",
        realm_host="gitlab.com",
        realm_path="/jwt/auth",
        blob_host="cdn.registry.gitlab-static.net",
        behaviour={"anonymous_pull": False, "service": "container_registry", "referrers": False, "error_shape": "html"},
        source="docs.gitlab.com: Container registry authentication with the token service at the instance's own host",
    ),
    Dialect(
        host="harbor.example.org",
        repository="project/app",
        realm_path="/service/token",
        behaviour={"service": "harbor-registry", "location": "relative"},
        source="goharbor.io: Working with artifacts; goharbor/harbor: core's token service and its referrers API (2.8)",
    ),
    Dialect(
        host="acme.jfrog.io",
        repository="docker-local/app",
        realm_path="/artifactory/api/docker/docker-local/v2/token",
        blob_host="jfrog-prod-euw1-shared.s3.amazonaws.com",
        behaviour={
            "anonymous_pull": False,
            "service": "acme.jfrog.io:443",
            "error_shape": "jfrog",
            "location": "absolute",
            "location_origin": "http://acme.jfrog.io",
        },
        source="containerd/containerd#6339 and earthly/earthly#1017 (realm and service); errors with a status in Artifactory",
    ),
)
