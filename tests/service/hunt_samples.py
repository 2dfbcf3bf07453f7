"""A home whose service has screened some harmless parts, to hunt in."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
from service_samples import Workers

from partwatch.model.mesh import Mesh
from partwatch.screening import job
from partwatch.service.context import Service
from partwatch.service.customers import add_customer
from partwatch.service.desk.desk import Desk
from partwatch.service.draining import drain
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Screening, Settings
from partwatch.service.states import Role
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.store import Watchlist

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import parts

SETTINGS = Settings(screening=Screening(jobs=1, pieces=False))
INVESTIGATOR = Principal("eve", None, frozenset({Role.INVESTIGATE}))
OF_SHOP = Principal("ann", "shop", frozenset({Role.INVESTIGATE}))


def stl(mesh: Mesh) -> bytes:
    """Binary STL."""
    facets = np.zeros(len(mesh.triangles), np.dtype([("floats", "<f4", 12), ("count", "<u2")]))
    facets["floats"][:, 3:] = mesh.vertices[mesh.triangles].reshape(-1, 9)
    return bytes(80) + np.uint32(len(facets)).tobytes() + facets.tobytes()


def turned(mesh: Mesh, scale: float = 1.0) -> Mesh:
    """The same elsewhere, turned about two axes."""
    a, b = 0.7, 0.4
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return Mesh(mesh.vertices @ turn.T * scale + [5.0, -3.0, 11.0], mesh.triangles)


def bracket() -> Mesh:
    """What is hunted for."""
    return parts.mesh_of(parts.bracket())


def plate() -> Mesh:
    """What is something else."""
    return parts.mesh_of(parts.plate())


def gear() -> Mesh:
    """Something else again."""
    return parts.mesh_of(parts.gear())


def listed(home: Path, name: str, mesh: Mesh, expires: date = date(2100, 1, 1)) -> None:
    """Put a design of one part on the list at home."""
    file = home / f"{name}-part.stl"
    file.write_bytes(stl(mesh))
    design = Design(name, "Test", "a stand-in", expires, None, (DesignPart("part", file),), file)
    Watchlist.open(home, create=True).add(enrol([design]))
    file.unlink()


def service_at(home: Path, settings: Settings = SETTINGS) -> Service:
    """A service with two customers and an empty list."""
    Watchlist.open(home, create=True)
    service = Service.open(home, settings)
    for one in ("shop", "other"):
        add_customer(service.store, one, one.title(), THIS_MACHINE)
    return service


def screened(service: Service, really: bool = False) -> None:
    """All that waits is screened: by real workers, or in this process against no list, which is fast."""
    with Watchlist.open(service.home).snapshot() as snapshot:
        job.setup(str(service.home), snapshot.key, "2026-01-01", prints=True)
        workers = Workers(lambda node: job.current().screen(node.expansion.source.path, node.chain))
        desk = Desk(service.store, service.settings, None if really else lambda _bench: workers)
        while desk.step():
            pass
        desk.close()


def worked_off(service: Service, really: bool = False) -> None:
    """The same, and in the history."""
    screened(service, really)
    while drain(service):
        pass
