"""The formats whose files are one thing each; 3MF, a package that may hold any of them, stands apart."""

from __future__ import annotations

from partwatch.formats import amf, bgcode, gcode, gltf, obj, off, ply, step, stl
from partwatch.formats.base import Format

# In this order: a binary STL may begin with any other format's first words, and only its size tells.
SINGLE: tuple[Format, ...] = (
    stl.FORMAT,
    ply.FORMAT,
    off.FORMAT,
    step.FORMAT,
    amf.FORMAT,
    gltf.FORMAT,
    obj.FORMAT,
    bgcode.FORMAT,
    gcode.FORMAT,
)
