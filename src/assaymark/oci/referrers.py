"""Lists what refers to a manifest (distribution-spec, "Listing Referrers").

1. 404, 400 and 406, and any Content-Type that is not exactly the OCI index, mean that the API is not offered; the
   caller then reads the fallback tag. This is how the peers decide, and both sides must look at the same place.
2. Pages are followed through `Link: <…>; rel="next"`, on the same origin; a page that was seen already ends the list.
3. More than `referrers_listed` entries or `referrer_pages` pages are an error: a list that was cut could hide what
   matters (CVE-2023-46737).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assaymark.errors import ArtifactError, LimitError, NetworkError
from assaymark.limits import Limits
from assaymark.model.descriptor import OCI_INDEX, Descriptor
from assaymark.net.network import Response
from assaymark.net.url import Url, parse_url
from assaymark.oci.manifest import Index, parse_manifest

_LINK = re.compile(r'<([^<>]{1,4096})>\s*;[^,]{0,200}?\brel\s*=\s*"?next\b', re.IGNORECASE)
_NOT_OFFERED = frozenset({400, 404, 406})


def list_referrers(
    get: Callable[[str], Response], first: Url, *, limits: Limits, refused: Callable[[Response], NetworkError]
) -> tuple[Descriptor, ...] | None:
    """Every entry; None where the API is not offered.

    Args:
        get: requests a URL with the repository's authorisation.
        first: the first page.
        limits: how many entries, pages and bytes there may be.
        refused: the error for a status that is neither success nor absence.
    """
    found: list[Descriptor] = []
    for page in _pages(get, first, limits=limits, refused=refused):
        if page is None:
            return None
        found.extend(page.manifests)
        if len(found) > limits.referrers_listed:
            raise LimitError(f"`{first}` lists more than {limits.referrers_listed} referrers")
    return tuple(found)


def _pages(
    get: Callable[[str], Response], first: Url, *, limits: Limits, refused: Callable[[Response], NetworkError]
) -> Iterator[Index | None]:
    seen: set[str] = set()
    url: Url | None = first
    while url is not None and url.full not in seen:
        if len(seen) >= limits.referrer_pages:
            raise LimitError(f"`{first}` lists referrers on more than {limits.referrer_pages} pages")
        seen.add(url.full)
        with get(url.full) as response:
            if url is first and not _is_offered(response, refused):
                yield None
                return
            yield _parse_page(response, url, limits)
            url = _next_page(response, url)


def _is_offered(response: Response, refused: Callable[[Response], NetworkError]) -> bool:
    if response.status in _NOT_OFFERED:
        return False
    if response.status != 200:
        raise refused(response)
    return response.headers.get("content-type") == OCI_INDEX


def _parse_page(response: Response, url: Url, limits: Limits) -> Index:
    if response.status != 200:
        raise NetworkError(f"a further page of `{url}` was answered with status {response.status}")
    data = response.bounded(limits.manifest_bytes, what=str(url))
    page = parse_manifest(data, response.headers.get("content-type"), limits=limits)
    if not isinstance(page, Index):
        raise ArtifactError(f"`{url}` is not an index of referrers")
    return page


def _next_page(response: Response, url: Url) -> Url | None:
    link = next((match for field in response.headers.all("link") if (match := _LINK.search(field))), None)
    if link is None:
        return None
    target = parse_url(link[1], base=url)
    if target.origin != url.origin:
        raise NetworkError(f"the next page of `{url}` is said to be on another host, `{target}`")
    return target
