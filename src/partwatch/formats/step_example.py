"""A box as a STEP file, written by hand: flat faces between polygons (ISO 10303-42, faceted_brep)."""

from __future__ import annotations

import itertools

import numpy as np

from partwatch.model.mesh import FloatArray

# Each face's axis, the way that it looks, and its corners.
_FACES = (
    (0, -1, 0, 1, 3, 2),
    (0, 1, 4, 6, 7, 5),
    (1, -1, 0, 4, 5, 1),
    (1, 1, 2, 3, 7, 6),
    (2, -1, 0, 2, 6, 4),
    (2, 1, 1, 5, 7, 3),
)
_HEADER = (
    "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n"
    "FILE_NAME('','2020-01-01T00:00:00',(''),(''),'','','');\n"
    "FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }'));\nENDSEC;\nDATA;\n"
)
_MILLIMETRE = "(LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.))"
_PRODUCT = (
    "#1=APPLICATION_CONTEXT('automotive design');",
    "#2=APPLICATION_PROTOCOL_DEFINITION('international standard','automotive_design',2000,#1);",
    "#3=PRODUCT_CONTEXT('',#1,'mechanical');",
    "#4=PRODUCT('box','box','',(#3));",
    "#5=PRODUCT_DEFINITION_FORMATION('','',#4);",
    "#6=PRODUCT_DEFINITION_CONTEXT('part definition',#1,'design');",
    "#7=PRODUCT_DEFINITION('design','',#5,#6);",
    "#8=PRODUCT_DEFINITION_SHAPE('','',#7);",
    "#9=(NAMED_UNIT(*) PLANE_ANGLE_UNIT() SI_UNIT($,.RADIAN.));",
    "#10=(NAMED_UNIT(*) SI_UNIT($,.STERADIAN.) SOLID_ANGLE_UNIT());",
    "#11=UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-6),#20,'distance_accuracy_value','');",
    "#12=(GEOMETRIC_REPRESENTATION_CONTEXT(3) GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT((#11)) "
    "GLOBAL_UNIT_ASSIGNED_CONTEXT((#20,#9,#10)) REPRESENTATION_CONTEXT('',''));",
    "#13=CARTESIAN_POINT('',(0.,0.,0.));",
    "#14=DIRECTION('',(0.,0.,1.));",
    "#15=DIRECTION('',(1.,0.,0.));",
    "#16=AXIS2_PLACEMENT_3D('',#13,#14,#15);",
    "#17=FACETED_BREP_SHAPE_REPRESENTATION('box',(#16,#18),#12);",
    "#18=FACETED_BREP('box',#19);",
    "#24=SHAPE_DEFINITION_REPRESENTATION(#8,#17);",
)


def box(extents: FloatArray, *, inch: bool = False) -> bytes:
    """A box from the origin. extents: (3,), in millimetres or inches."""
    lines = list(_PRODUCT)
    if inch:
        lines += [
            f"#21={_MILLIMETRE};",
            "#22=LENGTH_MEASURE_WITH_UNIT(LENGTH_MEASURE(25.4),#21);",
            "#23=DIMENSIONAL_EXPONENTS(1.,0.,0.,0.,0.,0.,0.);",
            "#20=(CONVERSION_BASED_UNIT('INCH',#22) LENGTH_UNIT() NAMED_UNIT(#23));",
        ]
    else:
        lines.append(f"#20={_MILLIMETRE};")
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3))) * extents
    lines += [
        f"#{30 + i}=CARTESIAN_POINT('',({x!r},{y!r},{z!r}));" for i, (x, y, z) in enumerate(corners.tolist())
    ]
    for place, (axis, sign, *face) in enumerate(_FACES):
        start = 50 + 10 * place
        normal = [0.0, 0.0, 0.0]
        normal[axis] = float(sign)
        across = [0.0, 0.0, 0.0]
        across[(axis + 1) % 3] = 1.0
        lines += [
            f"#{start}=POLY_LOOP('',({','.join(f'#{30 + corner}' for corner in face)}));",
            f"#{start + 1}=FACE_OUTER_BOUND('',#{start},.T.);",
            f"#{start + 2}=DIRECTION('',({','.join(map(repr, normal))}));",
            f"#{start + 3}=DIRECTION('',({','.join(map(repr, across))}));",
            f"#{start + 4}=AXIS2_PLACEMENT_3D('',#{30 + face[0]},#{start + 2},#{start + 3});",
            f"#{start + 5}=PLANE('',#{start + 4});",
            f"#{start + 6}=FACE_SURFACE('',(#{start + 1}),#{start + 5},.T.);",
        ]
    shell = ",".join(f"#{56 + 10 * place}" for place in range(len(_FACES)))
    lines.append(f"#19=CLOSED_SHELL('',({shell}));")
    return (_HEADER + "\n".join(lines) + "\nENDSEC;\nEND-ISO-10303-21;\n").encode()
