"""Flags of Trivy that scanning commands know by name, so that a pasted command works or says why it does not.

- `UNSUPPORTED`: what would change the result and this version does not have. Saying no (`--removed-pkgs=false`) or
  saying the default (`--report all`) is what happens anyway.
- `ACCEPTED`: what cannot change a scan for vulnerabilities: settings of other scanners, which are not here
  (`--scanners`), and questions to services that nobody asks.

Neither stands in `--help`.
"""

from __future__ import annotations

from argparse import SUPPRESS, _ActionsContainer
from typing import Final

from assaymark.cli.flags import add_switch
from assaymark.cli.unsupported_flags import Unsupported, add_unsupported

NOT_YET: Final = "not supported by this version"
_NEW_FOLDER: Final = "delete the folder that `--cache-dir` names, or name another one"
_JSON_HOLDS_IT: Final = "`--format json` holds everything"


UNSUPPORTED: Final = (
    Unsupported("--compliance", "assaymark finds vulnerabilities only; compliance reports are not among them"),
    Unsupported("--report", f"other reports than `all` are {NOT_YET}", _JSON_HOLDS_IT, harmless=("all", "summary")),
    Unsupported("--distro", f"another distribution than the detected one is {NOT_YET}"),
    Unsupported("--removed-pkgs", f"packages that the image's history mentions are {NOT_YET}", switch=True),
    Unsupported("--image-config-scanners", "assaymark finds vulnerabilities only", "leave it out"),
    Unsupported("--server", f"a server is {NOT_YET}", "leave it out: everything is done here"),
    Unsupported("--enable-modules", f"modules are {NOT_YET}"),
    Unsupported("--clear-cache", "the cache is not cleared by a scan", _NEW_FOLDER, switch=True),
    Unsupported("--reset", "the cache is not cleared by a scan", _NEW_FOLDER, switch=True),
    Unsupported("--output-plugin-arg", f"plug-ins are {NOT_YET}"),
    Unsupported(
        "--trace-http", "what is said to servers is not written down", "`--debug` says what is done", switch=True
    ),
    Unsupported("--redis-tls", f"a cache on a server is {NOT_YET}", "`--cache-dir` names a folder", switch=True),
)

_OF_CONVERT: Final = ("--compliance", "--output-plugin-arg", "--report", "--trace-http")
CONVERT_UNSUPPORTED: Final = tuple(flag for flag in UNSUPPORTED if flag.name in _OF_CONVERT)

ACCEPTED_SWITCHES: Final = """
--disable-telemetry --skip-version-check --skip-check-update --skip-policy-update
--include-deprecated-checks --include-non-failures --license-full --light --slow --tf-exclude-downloaded-modules --trace
--trace-rego
""".split()  # noqa: SIM905 - a list of thirty quoted words is harder to read
ACCEPTED_VALUES: Final = """
--ansible-extra-vars --ansible-inventory --ansible-playbook --cache-ttl --cf-params --check-namespaces
--checks-bundle-repository --config-check --config-data --config-file-schemas --config-policy --custom-headers --data
--helm-api-versions --helm-kube-version --helm-set --helm-set-file --helm-set-string --helm-values --ignored-licenses
--license-confidence-level --misconfig-scanners --module-dir --namespaces --path-prefix --policy
--policy-bundle-repository --policy-namespaces --raw-config-scanners --redis-ca --redis-cert --redis-key
--rego-error-limit --render-cause --secret-config --tf-vars --token --token-header
""".split()  # noqa: SIM905 - as above


def add_trivy_flags(parser: _ActionsContainer) -> None:
    """Know these flags, without showing them."""
    group = parser.add_argument_group("Trivy's other flags", description=SUPPRESS)
    add_unsupported(group, UNSUPPORTED)
    for name in ACCEPTED_SWITCHES:
        add_switch(group, name, about=SUPPRESS)
    for name in ACCEPTED_VALUES:
        group.add_argument(name, default="", help=SUPPRESS)


def add_convert_flags(parser: _ActionsContainer) -> None:
    """Know the flags of `convert`, which asks nobody."""
    add_unsupported(parser, CONVERT_UNSUPPORTED)
    add_switch(parser, "--insecure", about=SUPPRESS)
    for name in ("--cacert", "--cache-dir"):
        parser.add_argument(name, default="", help=SUPPRESS)


def add_sbom_search_flags(parser: _ActionsContainer) -> None:
    """Know where the reference searches for SBOMs of images, which `image` alone scans; it has flags of these names."""
    for name in ("--rekor-url", "--sbom-sources"):
        parser.add_argument(name, default="", help=SUPPRESS)
