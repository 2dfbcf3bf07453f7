"""Marks, presets and a model of links that are made up, small enough to be worked out by hand."""

from __future__ import annotations

from partwatch.model.marks import Forgery, Mark, MarkKind, Rarity, Where
from partwatch.provenance.linking.blocks import Block
from partwatch.provenance.linking.factory import Factory, made_factory
from partwatch.provenance.linking.model import Bound, Bounds, LinkModel, Part, Weights, layout

S = MarkKind.SETTING


def mark(
    name: str,
    value: str,
    kind: MarkKind = S,
    bits: float | None = None,
    forgery: Forgery = Forgery.TEXT_EDITOR,
    group: str = "gcode settings",
) -> Mark:
    rarity = None
    if bits is not None:
        rarity = Rarity(
            projects=0, counted=0, of_projects=20, files=0, of_files=40, share_upper=2.0**-bits, bits=bits
        )
    return Mark(
        kind=kind, name=name, value=value, where=Where(line=3), group=group, forgery=forgery, times=1,
        rarity=rarity,
    )  # fmt: skip


def shown(name: str, value: str) -> Mark:
    """A setting that the moves show."""
    return mark(f"{name}, measured", value, forgery=Forgery.REMAKE, group="toolpath")


def factory(printers: int = 60) -> Factory:
    """Printers with a retraction of 0.8 or of 5, and a tower of their own; one of them with a name of its
    own."""
    kinds = {
        "printer": {
            f"maker {k}": {
                (S, "retract_length"): "0.8" if k % 2 else "5",
                (S, "max_print_height"): str(200 + k),
                (S, "start_gcode"): "G28",
            }
            for k in range(printers)
        },
        "print": {"usual": {(S, "perimeter_speed"): "45", (S, "layer_height"): "0.2"}},
    }
    return made_factory("made up", kinds, [(MarkKind.MACRO, "start commands", "home")])


def bounds(most: float = 8.0) -> Bounds:
    own = Bound(low=-most, high=most)
    return Bounds(forgeable=own, hard=own, both=own)


def model(of: Factory, most: float = 8.0) -> LinkModel:
    """Every block a bit for a bit, with the sides told together as they are."""
    jobs = Part(
        population="made up", settings=None, sources=9, mates=9, strangers=90, bounds=bounds(most),
        weights={
            block: Weights(agreed=1.0, against=1.0, slope=1.0)
            for block in Block
            if block not in (Block.TASK, Block.PEOPLE, Block.TRIANGULATION)
        },
        conflicts={"setting fill_density": 0.0},
        usual=dict.fromkeys(Block, 4.0),
    )  # fmt: skip
    files = jobs.model_copy(
        update={"weights": {block: Weights(agreed=2.0) for block in (Block.PEOPLE, Block.TRIANGULATION)}}
    )
    return LinkModel(layout=layout(of), parts=(jobs, files))
