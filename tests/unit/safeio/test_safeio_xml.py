from __future__ import annotations

import msgspec
import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.xml import Element, parse_xml


def test_elements_have_local_names_attributes_and_their_own_text() -> None:
    document = (
        b'<?xml version="1.0"?>\n<p:a xmlns:p="urn:p" x="1"> t <q:b>one</q:b>u<b p:y="2"><![CDATA[<two>]]></b></p:a>'
    )
    assert parse_xml(document, limits=DEFAULT_LIMITS) == Element(
        name="a",
        attributes={"p": "urn:p", "x": "1"},
        children=[Element(name="b", text="one"), Element(name="b", attributes={"y": "2"}, text="<two>")],
        text=" t u",
    )


def test_what_comes_last_counts_and_all_of_them_come_in_order() -> None:
    root = parse_xml(b"<r><a><b>1</b><b>2</b></a><c/><a><b>3</b></a></r>", limits=DEFAULT_LIMITS)
    assert [each.text for each in root.all("a", "b")] == ["1", "2", "3"]
    assert (root.value("a", "b"), root.value("c"), root.value("none", "b")) == ("3", "", "")


@pytest.mark.parametrize(
    ("document", "text"),
    [
        pytest.param("<a>é</a>".encode(), "é", id="UTF-8 without a declaration"),
        pytest.param("\ufeff<a>é</a>".encode(), "é", id="UTF-8 behind a byte order mark"),
        pytest.param('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "é", id="Latin 1"),
        pytest.param('<?xml version="1.0" encoding="windows-1252"?><a>€</a>'.encode("cp1252"), "€", id="Windows 1252"),
        pytest.param("<a>é</a>".encode("utf-16"), "é", id="UTF-16"),
        pytest.param(b"<a>&lt;&#65;&amp;</a>", "<A&", id="the predefined entities"),
        pytest.param(b"<a>1</a>\n</a> rubbish <", "1", id="rubbish behind the end"),
        pytest.param(b"<a>1</a><!DOCTYPE a>", "1", id="even a document type behind the end"),
    ],
)
def test_documents_that_programs_write(document: bytes, text: str) -> None:
    assert parse_xml(document, limits=DEFAULT_LIMITS).text == text


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(b"", "`f` is not XML: no element found", id="empty"),
        pytest.param(b"<a><b></a>", "`f` is not XML: mismatched tag", id="crossed elements"),
        pytest.param(b"<a>", "`f` is not XML: no element found", id="cut off"),
        pytest.param(b"<a>&nbsp;</a>", "`f` is not XML: undefined entity", id="an entity that nobody declared"),
        pytest.param(b"<a>\xff</a>", "`f` is not XML: not well-formed", id="invalid UTF-8"),
        pytest.param(b'<?xml version="1.0" encoding="morse"?><a/>', "`f` is not XML: unknown encoding", id="encoding"),
        pytest.param(b"<!DOCTYPE a><a/>", "`f` has a document type", id="document type"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "`f` has a document type", id="XXE"
        ),
    ],
)
def test_documents_that_are_refused(document: bytes, message: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        parse_xml(document, limits=DEFAULT_LIMITS, what="f")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(b"<a>" * 4 + b"</a>" * 4, "the document is nested deeper than 3 levels", id="depth"),
        pytest.param(b"<a>" + b"<b c=''/>" * 3 + b"</a>", "the document has more than 6 elements", id="nodes"),
        pytest.param(b"<a>" + b" " * 100 + b"</a>", "the document has 107 bytes, more than the 100", id="bytes"),
    ],
)
def test_bounds(document: bytes, message: str) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, xml_bytes=100, xml_depth=3, xml_nodes=6)
    with pytest.raises(LimitError) as caught:
        parse_xml(document, limits=limits)
    assert str(caught.value).startswith(message)
