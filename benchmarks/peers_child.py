"""Aligners, run by an interpreter that has them: `python peers_child.py asked.npz told.json`.

Stands alone: nothing of this project is imported, only numpy and the peers.

asked.npz: parts (P, 8192, 3), queries (Q, 8192, 3), offers (Q, 1 + decoys) into parts.
told.json: by method, why it is missing, or the coverages (Q, 1 + decoys) and CPU seconds (Q,).
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Shares of the part's diagonal.
VOXEL = 0.02
NEAR = 0.015
ICP_REACH = 0.03
# One sample in so many is aligned; all are used to measure.
THINNED = 4


def imported(module: str, package: str) -> Any:
    """The module, or the sentence that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        return f"not installed: pip install {package} ({error})"


def version(module: Any) -> str:
    return str(getattr(module, "__version__", ""))


class Features:
    """A cloud thinned to a voxel, with normals and FPFH."""

    def __init__(self, o3d: Any, points: Floats, voxel: float) -> None:
        self.points = points[::THINNED]
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(self.points))
        self.cloud = cloud.voxel_down_sample(voxel)
        near = o3d.geometry.KDTreeSearchParamHybrid
        self.cloud.estimate_normals(near(radius=2.5 * voxel, max_nn=30))
        self.fpfh = o3d.pipelines.registration.compute_fpfh_feature(
            self.cloud, near(radius=5 * voxel, max_nn=100)
        )


def ransac(o3d: Any, kiss: Any, source: Features, target: Features, voxel: float) -> Floats:
    registration = o3d.pipelines.registration
    result = registration.registration_ransac_based_on_feature_matching(
        source.cloud,
        target.cloud,
        source.fpfh,
        target.fpfh,
        True,
        1.5 * voxel,
        registration.TransformationEstimationPointToPoint(False),
        3,
        [
            registration.CorrespondenceCheckerBasedOnEdgeLength(0.9),
            registration.CorrespondenceCheckerBasedOnDistance(1.5 * voxel),
        ],
        registration.RANSACConvergenceCriteria(100_000, 0.999),
    )
    return np.asarray(result.transformation)


def fgr(o3d: Any, kiss: Any, source: Features, target: Features, voxel: float) -> Floats:
    registration = o3d.pipelines.registration
    option = registration.FastGlobalRegistrationOption(maximum_correspondence_distance=0.75 * voxel)
    result = registration.registration_fgr_based_on_feature_matching(
        source.cloud, target.cloud, source.fpfh, target.fpfh, option
    )
    return np.asarray(result.transformation)


def kiss_matcher(o3d: Any, kiss: Any, source: Features, target: Features, voxel: float) -> Floats:
    matcher = kiss.KISSMatcher(kiss.KISSMatcherConfig(voxel_size=voxel))
    found = matcher.estimate(list(source.points.astype(np.float32)), list(target.points.astype(np.float32)))
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = found.rotation, np.ravel(found.translation)
    return T


METHODS = {"Open3D FPFH + RANSAC": ransac, "Open3D FPFH + FGR": fgr, "KISS-Matcher": kiss_matcher}


def settled(o3d: Any, source: Features, target: Features, T: Floats, reach: float) -> Floats:
    """Point-to-plane ICP from T."""
    registration = o3d.pipelines.registration
    result = registration.registration_icp(
        source.cloud, target.cloud, reach, T, registration.TransformationEstimationPointToPlane()
    )
    return np.asarray(result.transformation)


def coverage(o3d: Any, query: Floats, part: Floats, T: Floats, near: float) -> float:
    """The lesser share, of either's samples, that lie near the other's."""

    def cloud(points: Floats) -> Any:
        return o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))

    moved = query @ T[:3, :3].T + T[:3, 3]
    pairs = ((moved[::THINNED], part), (part[::THINNED], moved))
    return min(
        float((np.asarray(cloud(a).compute_point_cloud_distance(cloud(b))) < near).mean()) for a, b in pairs
    )


def run(o3d: Any, kiss: Any, method: Any, asked: Any) -> dict[str, Any]:
    """One method on every query."""
    o3d.utility.random.seed(0)
    parts, queries, offers = (np.asarray(asked[name]) for name in ("parts", "queries", "offers"))
    diagonals = np.linalg.norm(np.ptp(parts, axis=1), axis=1)
    ready = [
        Features(o3d, part.astype(np.float64), VOXEL * d) for part, d in zip(parts, diagonals, strict=True)
    ]
    coverages, cpu_s = [], []
    for points, offer in zip(queries, offers, strict=True):
        query = points.astype(np.float64)
        own_voxel = VOXEL * float(np.linalg.norm(np.ptp(query, axis=0)))
        start = time.process_time()
        source = Features(o3d, query, own_voxel)
        placed = []
        for k in offer:
            T = method(o3d, kiss, source, ready[k], VOXEL * diagonals[k])
            placed.append(settled(o3d, source, ready[k], T, ICP_REACH * diagonals[k]))
        cpu_s.append(time.process_time() - start)
        coverages.append(
            [
                coverage(o3d, query, parts[k].astype(np.float64), T, NEAR * diagonals[k])
                for k, T in zip(offer, placed, strict=True)
            ]
        )
    return {"missing": "", "coverages": coverages, "cpu_s": cpu_s}


def main(asked_file: str, told_file: str) -> None:
    """Every method, or why not."""
    asked = np.load(asked_file)
    o3d = imported("open3d", "open3d")
    kiss = imported("kiss_matcher", "kiss-matcher")
    told: dict[str, Any] = {}
    for name, method in METHODS.items():
        needed = (o3d, kiss) if method is kiss_matcher else (o3d,)
        missing = [module for module in needed if isinstance(module, str)]
        said = f"{name} {version(kiss if method is kiss_matcher else o3d)}".strip()
        if missing:
            told[name] = {"missing": "; ".join(missing)}
        else:
            print(f"  {name}", file=sys.stderr, flush=True)
            told[said] = run(o3d, kiss, method, asked)
    Path(told_file).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
