"""case_validate finds nothing to say of what we write, not even by way of information."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_samples import KEY, SOURCES, hostile_statements, make_case, sample_case, storable, written
from partwatch.exchange import Options
from partwatch.exchange.case_ontology import ontology
from peers import peer

validate = peer("case_utils.case_validate")
rdflib = peer("rdflib")
pytestmark = pytest.mark.filterwarnings("ignore")
KINDS = "https://ontology.unifiedcyberontology.org/uco/"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    return sample_case(tmp_path_factory.mktemp("case") / "c")


def conforms(path: Path, *ontologies: str) -> None:
    found = validate.validate(str(path), supplemental_graphs=list(ontologies) or None, inference="none")
    assert found.undefined_concepts == set()
    assert found.conforms, found.text
    assert "Results" not in found.text


def test_the_export_conforms(store, tmp_path: Path) -> None:
    path = tmp_path / "case.jsonld"
    path.write_bytes(written(store, "case-uco")[0])
    conforms(path)


def test_it_conforms_with_our_ontology_beside_it(store, tmp_path: Path) -> None:
    path, ours = tmp_path / "case.jsonld", tmp_path / "ours.ttl"
    path.write_bytes(
        written(store, "case-uco", Options("2026-01-31T12:00:00Z", bodies=True, missing=True))[0]
    )
    ours.write_text(ontology())
    conforms(path, str(ours))


def test_pseudonyms_conform(store, tmp_path: Path) -> None:
    path = tmp_path / "case.jsonld"
    path.write_bytes(written(store, "case-uco", Options("2026-01-31T12:00:00Z", pseudonym_key=KEY))[0])
    conforms(path)


def test_hostile_texts_conform(tmp_path: Path) -> None:
    said = [one for one in storable(hostile_statements()) if len(one.value) < 1000][::7]
    path = tmp_path / "case.jsonld"
    path.write_bytes(written(make_case(tmp_path / "h", [(SOURCES[0][0], said)]), "case-uco")[0])
    conforms(path)


def test_the_graph_says_where_a_thing_is_from(store, tmp_path: Path) -> None:
    path = tmp_path / "case.jsonld"
    path.write_bytes(written(store, "case-uco")[0])
    graph = rdflib.Graph().parse(str(path), format="json-ld")
    asked = """
        PREFIX core: <https://ontology.unifiedcyberontology.org/uco/core/>
        PREFIX inv: <https://ontology.caseontology.org/case/investigation/>
        PREFIX ours: <urn:partwatch:uco:>
        SELECT ?name ?letter ?bits WHERE {
            ?record a inv:ProvenanceRecord ; core:object ?thing ; ours:reliability ?letter .
            ?thing a ours:Match ; core:hasFacet ?facet . ?facet ours:bits ?bits .
            ?thing core:target ?design . ?design core:name ?name }"""
    rows = [(str(name), str(letter), float(bits)) for name, letter, bits in graph.query(asked)]
    assert rows == [("hand-cranked pump", "A", 14.25)]
