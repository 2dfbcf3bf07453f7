"""The limits of `screen` as options: what one file may cost and unfold into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from partwatch.formats.base import ReadLimits

# As in ReadLimits, which is imported only when something is screened; a test holds them together.
FILE_MB = 1024
TRIANGLES = 20_000_000
BODIES = 5_000
MEMBERS = 10_000
DEPTH = 8
EXPANSION = 1000.0

MaxFileSize = Annotated[
    int, typer.Option(metavar="MB", min=1, help="Megabytes of one file, and of one archive member unpacked.")
]
MaxTriangles = Annotated[int, typer.Option(metavar="N", min=1, help="Triangles of one file.")]
MaxBodies = Annotated[
    int, typer.Option(metavar="N", min=1, help="Bodies of one file; of more, the largest are compared.")
]
MaxMembers = Annotated[
    int, typer.Option(metavar="N", min=1, help="Members of one archive, nested ones included.")
]
MaxDepth = Annotated[int, typer.Option(metavar="N", min=0, help="Archives within archives.")]
MaxExpansion = Annotated[
    float, typer.Option(metavar="N", min=1, help="How many times its size something may unpack to.")
]


def read_limits(
    file_mb: int, triangles: int, bodies: int, members: int, depth: int, expansion: float
) -> ReadLimits:
    """The options as the readers take them."""
    from partwatch.formats.base import ReadLimits

    return ReadLimits(
        max_file_bytes=file_mb << 20,
        max_triangles=triangles,
        max_bodies=bodies,
        max_members=members,
        max_member_bytes=file_mb << 20,
        max_expansion_ratio=expansion,
        max_depth=depth,
    )
