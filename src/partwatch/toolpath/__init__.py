"""From the moves of a print job to the solids that it makes."""

from partwatch.toolpath.rebuilt import rebuilt

__all__ = ["rebuilt"]
