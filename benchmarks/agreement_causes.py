"""Why our readers and others' disagree on a file, found by looking into each; the first pattern counts.

Patterns are of fnmatch, on the path in the corpus with the repository before it.
"""

from __future__ import annotations

_RULES = (
    "lib3mf refuses the whole package for a broken rule beside its meshes (colours, textures, thumbnails, "
    "print tickets, relationships); its meshes are read all the same, since slicers print them"
)
_SLICES = (
    "lib3mf refuses broken slice stacks; we read the meshes beside them, and the slices go unread with their "
    "reason, so that the file is never clear"
)
_SEALED_OPEN = (
    "the part bears the mark of encryption, and open text behind it, as only lib3mf's own tests have it; to "
    "us it is encrypted, with that reason"
)
_MALFORMED_FACETS = (
    "facets of the text are malformed (numbers or whole lines run together, a fourth corner, a missing one): "
    "we leave those out, with the line of the first among the reasons, and read the rest; trimesh refuses, "
    "or takes every third vertex line for the next corner, whatever facet it stands in"
)
_LIB3MF = "3MFConsortium+lib3mf"
_SAMPLES = "3MFConsortium+3mf-samples/head/validation tests/_archive/3mf-Verify"

CAUSES: dict[str, str] = {
    f"{_SAMPLES}/MUST*/MUST*": _RULES,
    f"{_LIB3MF}/head/Tests/TestFiles/CPP_UnitTests/3mfbase*": _RULES,
    f"{_LIB3MF}/head/Tests/TestFiles/Objects/HelixWithThumbnail_IncorrectRelationship.3mf": _RULES,
    f"{_LIB3MF}/history/TestFiles/3mfbase*": _RULES,
    f"{_LIB3MF}/history/TestFiles/*Texture~*": _RULES,
    f"{_LIB3MF}/head/Tests/TestFiles/Production/2ProductionBoxes_OneSliceFile.3mf": _SLICES,
    f"{_LIB3MF}/*/TestFiles/Slice/*": _SLICES,
    f"{_LIB3MF}/*/SecureContent/negative_keystore_empty~ec894fba.3mf": _RULES,
    f"{_LIB3MF}/*/SecureContent/negative_keystore_missing_attributes~82f20472.3mf": _RULES,
    f"{_LIB3MF}/*/SecureContent/*keystore*": _SEALED_OPEN,
    f"{_LIB3MF}/head/Tests/TestFiles/RequiredExtensions/NotListed.3mf": (
        "requires an extension under a prefix that stands for nothing: lib3mf refuses, we read the mesh and "
        "say that the extension is unknown"
    ),
    f"{_LIB3MF}/*/CustomAttribute/CustomAttribute_Object_Fail~9f62abdd.3mf": (
        "an attribute is given twice, which is no XML; lib3mf's parser lets it pass, and which of the two "
        "counts would be a guess"
    ),
    "assimp+assimp/head/test/models/OBJ/number_formats.obj": (
        "coordinates such as 3.1+e2, of vertices that no face uses, are no numbers: we refuse the file with "
        "the line, trimesh passes over them"
    ),
    "assimp+assimp/*/test/models/OBJ/regr01*.obj": (
        "the text is not UTF-8: trimesh asks for an optional package to guess its encoding; what matters is "
        "ASCII, which is all that we look at"
    ),
    "assimp+assimp/history/test/models/STL/3DSMaxExport~d420fd6e.STL": (
        "a binary file whose line ends were converted: we read what still looks like triangles and say that "
        "the file is cut and holds numbers that are none; trimesh takes it for text"
    ),
    "mikedh+trimesh/head/models/polygonfaces.obj": (
        "one pentagon that is not flat: it has several triangulations, ours and trimesh's differ"
    ),
    "openscad+openscad/head/tests/data/stl/invalidvertex.stl": _MALFORMED_FACETS,
    "openscad+openscad/head/tests/data/stl/toomanyvertices.stl": _MALFORMED_FACETS,
    "openscad+openscad/history/testdata/scad/bugs/issue1580-back-to-back*": (
        "no facet has its endfacet: trimesh never asks for one, we refuse with the line"
    ),
    "rwb27+openflexure_microscope/history/builds/*": _MALFORMED_FACETS,
}
