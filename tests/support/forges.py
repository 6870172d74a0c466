"""GitLab's CI variables and GitHub's Actions secrets in memory: places, tokens that allow this and that, sealed boxes."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from nacl.public import PrivateKey, SealedBox
from tests.support.loopback import Answer, Request

TOKEN: Final = "glpat-MAINTAINER-0000000"
READER: Final = "glpat-DEVELOPER-00000000"
_GITLAB: Final = re.compile(
    r"/api/v4/(?P<kind>projects|groups)/(?P<name>[^/]+)(?P<variables>/variables(?:/(?P<key>[^/]+))?)?"
)
_GITHUB: Final = re.compile(r"(?:/api/v3)?/(?P<place>(?:repos/[^/]+/[^/]+|orgs/[^/]+))/actions/secrets/(?P<name>[^/]+)")


def _token(request: Request) -> str:
    return request.headers.get("private-token") or request.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class GitLab:
    """Projects and groups, and the variables of each."""

    projects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"team/app": {}})
    groups: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"team": {}})

    def serve(self, request: Request) -> Answer:
        """The answer to one request, as GitLab 18 words it."""
        if _token(request) not in (TOKEN, READER):
            return Answer(401, {"message": "401 Unauthorized"})
        match = _GITLAB.fullmatch(request.path.partition("?")[0])
        places = self.projects if match and match["kind"] == "projects" else self.groups
        variables = places.get(unquote(match["name"])) if match else None
        if match is None or variables is None:
            return Answer(404, {"message": "404 Not Found"})
        if not match["variables"]:
            return Answer(200, {"id": 1, "path": match["name"]})
        if _token(request) != TOKEN:
            return Answer(403, {"message": "403 Forbidden"})
        return self._variable(request, variables, match["key"] or "")

    def _variable(self, request: Request, variables: dict[str, dict[str, Any]], key: str) -> Answer:
        if request.method == "POST":
            return self._create(_body(request), variables)
        if key not in variables:
            return Answer(404, {"message": "404 Variable Not Found"})
        if request.method == "PUT":
            variables[key].update(_body(request))
        return Answer(200, variables[key])

    def _create(self, body: dict[str, Any], variables: dict[str, dict[str, Any]]) -> Answer:
        if body["key"] in variables:
            return Answer(400, {"message": {"key": [f"({body['key']}) has already been taken"]}})
        variables[body["key"]] = body
        return Answer(201, body)


@dataclass
class GitHub:
    """Repositories and organisations, and their secrets as jobs see them."""

    places: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"repos/team/app": {}, "orgs/team": {}})
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    visibility: set[str] = field(default_factory=set)
    shown_key: str = ""

    def serve(self, request: Request) -> Answer:
        """The answer to one request."""
        if _token(request) not in (TOKEN, READER):
            return Answer(401, {"message": "Bad credentials"})
        if _token(request) == READER:
            return Answer(403, {"message": "Resource not accessible by personal access token"})
        match = _GITHUB.fullmatch(request.path)
        secrets = self.places.get(match["place"]) if match else None
        if match is None or secrets is None:
            return Answer(404, {"message": "Not Found"})
        name = match["name"]
        if name == "public-key":
            return Answer(
                200, {"key_id": "42", "key": self.shown_key or b64encode(bytes(self.key.public_key)).decode()}
            )
        if request.method == "GET":
            return Answer(200, {"name": name}) if name in secrets else Answer(404, {"message": "Not Found"})
        return self._write(request.json, secrets, name, organisation=match["place"].startswith("orgs/"))

    def _write(self, body: dict[str, Any], secrets: dict[str, bytes], name: str, *, organisation: bool) -> Answer:
        if body["key_id"] != "42" or (organisation and "visibility" not in body):
            return Answer(422, {"message": "Invalid request."})
        created = name not in secrets
        secrets[name] = SealedBox(self.key).decrypt(b64decode(body["encrypted_value"]))
        self.visibility.add(body.get("visibility", ""))
        return Answer(201 if created else 204)


def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(request.json)
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
