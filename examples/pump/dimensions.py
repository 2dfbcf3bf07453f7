"""The pump's measures: what its parts have to agree on, and what makes another pump of the family."""

from __future__ import annotations

from dataclasses import dataclass

from examples.shapes import Point2

GEAR_HUB_RADIUS = 10.0
"""Of the driving gear's hub, which reaches into the cover."""


@dataclass(frozen=True)
class Dimensions:
    """A gear pump in millimetres. The two gear axes lie at x = ±centre_distance / 2."""

    module: float = 3.0
    teeth: int = 12
    gear_width: float = 18.0
    wall: float = 8.0
    back_wall: float = 9.0
    port_radius: float = 5.0
    port_length: float = 12.0
    bolt_radius: float = 2.25
    shaft_radius: float = 5.0
    shaft_flat: float = 3.8
    clearance: float = 0.2

    @property
    def centre_distance(self) -> float:
        """Between the two gear axes."""
        return self.module * self.teeth

    @property
    def chamber_radius(self) -> float:
        """Of the bore that each gear turns in."""
        return self.module * (self.teeth / 2 + 1) + self.clearance

    @property
    def outer_radius(self) -> float:
        """Of the housing's rounded ends."""
        return self.chamber_radius + self.wall

    @property
    def bolt_places(self) -> list[Point2]:
        """Of the six bolts through cover, gasket and housing."""
        x, reach = self.centre_distance / 2, self.outer_radius + 1.0
        diagonal = reach * 0.7071
        return [
            (x + diagonal, diagonal),
            (x + diagonal, -diagonal),
            (-x - diagonal, diagonal),
            (-x - diagonal, -diagonal),
            (x + reach, 0.0),
            (-x - reach, 0.0),
        ]


LISTED = Dimensions()
"""The pump on the example watch-list."""

COUSIN = Dimensions(
    module=2.0,
    teeth=15,
    gear_width=26.0,
    wall=11.0,
    back_wall=6.0,
    port_radius=3.5,
    port_length=18.0,
    bolt_radius=1.75,
)
"""Another pump of the same family: slimmer gears, thicker walls, a deeper chamber. Not listed."""
