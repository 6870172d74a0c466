"""Who needs what is vulnerable: from each vulnerable package up to the dependencies that somebody chose.

The tree stands on its head, as the reference's does: the vulnerable package is the root, what needs it hangs below,
down to the packages that the project names itself (`direct`), or that nobody needs. Of several ways between two
packages the shortest is shown, because one of them is enough to know whom to upgrade.

Only results whose packages state dependencies have a tree. How much is looked at and shown is bounded: a lockfile may
tie everything to everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from assaymark.model.package import Package, Relationship
from assaymark.model.report import Result
from assaymark.report.plain import shown
from assaymark.report.table_findings import heading_of
from assaymark.report.table_summary import severity_counts
from assaymark.report.wording import SEVERITIES, Paint, count_severities

_MOST_ENDS: Final = 5
_MOST_STEPS: Final = 1_000_000
_CHOSEN: Final = frozenset({Relationship.DIRECT, Relationship.ROOT, Relationship.WORKSPACE})

Tree = dict[str, "Tree"]


def tree_lines(result: Result, paint: Paint) -> Iterator[str]:
    """The trees of one target; nothing where its packages state no dependencies."""
    packages = {_name(package): package for package in result.packages}
    needed_by = _needed_by(packages)
    if not needed_by or not result.vulnerabilities:
        return
    yield f"{paint.style('bold', heading_of(result))}: who needs what is vulnerable"
    severities: dict[str, list[str]] = {}
    for finding in result.vulnerabilities:
        name = finding.pkg_id or f"{finding.pkg_name}@{finding.installed_version}"
        severities.setdefault(name, []).append(finding.severity)
    counts = {name: count_severities(found) for name, found in severities.items()}
    budget = _Budget(_MOST_STEPS)
    for name in sorted(counts, key=lambda name: (tuple(-counts[name][each] for each in SEVERITIES), name)):
        package = packages.get(name)
        chosen = " (direct)" if package is not None and package.relationship in _CHOSEN else ""
        yield f"  {shown(name)}{chosen}  {severity_counts(counts[name], paint)}"
        if not chosen:
            yield from _ways(name, needed_by, packages, budget)


class _Budget:
    """How many packages may still be looked at."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def take(self) -> bool:
        """Whether one more may be."""
        self._left -= 1
        return self._left >= 0


def _name(package: Package) -> str:
    return package.id or f"{package.name}@{package.full_version}"


def _needed_by(packages: Mapping[str, Package]) -> dict[str, list[str]]:
    needed_by: dict[str, list[str]] = {}
    for name, package in packages.items():
        for each in package.depends_on:
            needed_by.setdefault(each, []).append(name)
    return needed_by


def _ways(
    name: str, needed_by: Mapping[str, list[str]], packages: Mapping[str, Package], budget: _Budget
) -> Iterator[str]:
    """The shortest ways from a package to those that were chosen, breadth first."""
    came_from: dict[str, str] = {name: ""}
    queue, ends = deque([name]), list[str]()
    while queue:
        current = queue.popleft()
        above = [each for each in needed_by.get(current, ()) if each not in came_from] if budget.take() else []
        package = packages.get(current)
        is_chosen = package is not None and package.relationship in _CHOSEN
        if current != name and (is_chosen or not needed_by.get(current)):
            ends.append(current)
            continue
        came_from.update(dict.fromkeys(above, current))
        queue.extend(above)
    tree: Tree = {}
    for end in ends[:_MOST_ENDS]:
        _add_way(tree, end, came_from)
    yield from _branches(tree, "  ", packages)
    if len(ends) > _MOST_ENDS:
        yield f"  … and {len(ends) - _MOST_ENDS} more"


def _add_way(tree: Tree, end: str, came_from: Mapping[str, str]) -> None:
    way = []
    while came_from[end]:  # the package itself comes from nobody
        way.append(end)
        end = came_from[end]
    for each in reversed(way):
        tree = tree.setdefault(each, {})


def _branches(tree: Tree, before: str, packages: Mapping[str, Package]) -> Iterator[str]:
    """The branches; a stack in place of recursion, because a way may be as long as a lockfile."""
    stack = [(before, iter(list(tree.items())), len(tree))]
    while stack:
        indent, branches, left = stack.pop()
        found = next(branches, None)
        if found is None:
            continue
        name, below = found
        package = packages.get(name)
        mark = " (direct)" if package is not None and package.relationship in _CHOSEN else ""
        yield f"{indent}{'└── ' if left == 1 else '├── '}{shown(name)}{mark}"
        stack.append((indent, branches, left - 1))
        stack.append((indent + ("    " if left == 1 else "│   "), iter(list(below.items())), len(below)))
