"""The compiled kernel; partwatch.geometry explains what each function is for."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Singles = npt.NDArray[np.float32]

D2_BINS: int
PPF_BINS: int
LOCAL_SIZE: int
CODE_SIZE: int

def gcode_moves(
    data: bytes, most: int
) -> tuple[
    Floats,
    Floats,
    Floats,
    Ints,
    npt.NDArray[np.int16],
    npt.NDArray[np.uint8],
    npt.NDArray[np.int64],
    int,
    int,
]: ...
def distance_outside(inside: npt.NDArray[np.bool_]) -> tuple[Floats, Ints]: ...
def lay_strokes(field: Singles, segments: Floats, half: Floats, reach: float) -> None: ...
def weld(corners: Floats) -> tuple[Floats, Ints]: ...
def weld_within(points: Floats, reach: float) -> Ints: ...
def first_of_equals(triangles: Ints) -> npt.NDArray[np.uint8]: ...
def shells(triangles: Ints) -> tuple[Ints, Ints, Ints]: ...
def signed_volume(vertices: Floats, triangles: Ints) -> float: ...
def sample(vertices: Floats, triangles: Ints, count: int) -> tuple[Floats, Floats, Ints, float]: ...
def farthest(points: Floats, wanted: int) -> Ints: ...
def local_normals(samples: Floats, queries: Floats, radius: float) -> Floats: ...
def pair_histograms(points: Floats, normals: Floats, rms_radius: float) -> tuple[Floats, Floats]: ...
def local_features(
    points: Floats,
    normals: Floats,
    area: float,
    radius: float,
    apart: float,
    least: float,
    most: int,
    owner: Ints | None = None,
    sheets: Sheets | None = None,
) -> tuple[Ints, Floats, Singles, Singles]: ...
def vote(
    codes: npt.NDArray[np.int8],
    part: Ints,
    place: Singles,
    facing: Singles,
    start: npt.NDArray[np.int64],
    asked: npt.NDArray[np.bool_],
    q_codes: npt.NDArray[np.int8],
    q_cells: Ints,
    q_place: Floats,
    q_facing: Floats,
    q_radius: Floats,
    q_worth: Floats,
    most: int,
) -> tuple[Ints, Floats, npt.NDArray[np.uint8], Floats]: ...

class Sheets:
    def __init__(self, vertices: Floats, triangles: Ints) -> None: ...

class PointGrid:
    def __init__(self, points: Floats, reach: float) -> None: ...
    def nearest(self, queries: Floats) -> Ints: ...

class Field:
    def __init__(self, points: Floats, normals: Floats, resolution: int) -> None: ...
    @property
    def voxel(self) -> float: ...
    def align(
        self, points: Floats, normals: Floats, frames: Floats, cap: float, keep: int, least: float
    ) -> tuple[Floats, Floats]: ...
    def covered(
        self, points: Floats, normals: Floats, frame: Floats, near: float, flat: float, min_cosine: float
    ) -> float: ...

class TriangleTree:
    def __init__(self, vertices: Floats, triangles: Ints, min_cosine: float) -> None: ...
    def refine(
        self,
        points: Floats,
        normals: Floats,
        start: Floats,
        iterations: int,
        cap_from: float,
        cap_to: float,
        rigid: bool = False,
    ) -> Floats: ...
    def closest(self, points: Floats, normals: Floats, cap: float) -> tuple[Floats, Ints]: ...
    def crossings(self, points: Floats, direction: tuple[float, float, float]) -> Ints: ...
