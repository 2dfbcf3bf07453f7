"""The kernel in numpy: what machines without a compiler and without a wheel use."""

from partwatch.kernel.numpy_distance import distance_outside
from partwatch.kernel.numpy_field import Field
from partwatch.kernel.numpy_gcode import gcode_moves
from partwatch.kernel.numpy_local import LOCAL_SIZE, Sheets, local_features
from partwatch.kernel.numpy_samples import (
    D2_BINS,
    PPF_BINS,
    farthest,
    local_normals,
    pair_histograms,
    sample,
)
from partwatch.kernel.numpy_strokes import lay_strokes
from partwatch.kernel.numpy_topology import (
    PointGrid,
    first_of_equals,
    shells,
    signed_volume,
    weld,
    weld_within,
)
from partwatch.kernel.numpy_tree import TriangleTree
from partwatch.kernel.numpy_voting import CODE_SIZE, vote

__all__ = [
    "CODE_SIZE",
    "D2_BINS",
    "LOCAL_SIZE",
    "PPF_BINS",
    "Field",
    "PointGrid",
    "Sheets",
    "TriangleTree",
    "distance_outside",
    "farthest",
    "first_of_equals",
    "gcode_moves",
    "lay_strokes",
    "local_features",
    "local_normals",
    "pair_histograms",
    "sample",
    "shells",
    "signed_volume",
    "vote",
    "weld",
    "weld_within",
]
