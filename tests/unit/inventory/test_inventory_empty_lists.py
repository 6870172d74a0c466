"""An empty list is hashed where the reference keeps it apart from none; the hashes are the reference's."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import tree

from assaymark.inventory.analyse import LayerFacts, analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import Application


@pytest.mark.parametrize(
    ("is_stored", "uid"),
    [
        pytest.param(False, "26cdfe0ce1921572", id="a directory"),
        pytest.param(True, "9741a43207520e29", id="a repository"),
    ],
)
def test_a_module_without_requirements(is_stored: bool, uid: str) -> None:
    layer = analyse_layer(
        tree({"go.mod": "module golang.org/x/xerrors\n\ngo 1.12\n"}),
        LayerFacts(is_stored=is_stored),
        index=index_for("fs"),
    )

    (application,) = layer.found
    assert isinstance(application, Application)
    (package,) = application.packages
    assert package.identifier.uid == uid
    assert type(package.depends_on) is tuple
