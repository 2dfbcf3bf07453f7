"""Families as one HTML page that opens anywhere, offline, without a script.

It only reads the document and pictures that were drawn for it. File names are outsiders': each is made
visible and escaped where it becomes markup. Pictures are decoded when the part they lie in is opened.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from partwatch.model.families import Branch, Difference, FamiliesDocument, Family, FamilyFile, FamilyShape
from partwatch.report import families_words as words
from partwatch.report import ramp
from partwatch.report.families_pictures import SIZE
from partwatch.report.markup import Cell, number, said, table
from partwatch.report.page import head, written_whole

# More families, files of one shape, files alone, links or unread items than this help nobody on a page.
MOST_FAMILIES = 2000
MOST_SHAPES = 400
MOST_FILES = 200
MOST_ROWS = 500
OPEN_AT_FIRST = 3
MOST_DEPTH = 5
Beside = Callable[[Family], str]

_NOT_CLAIMED = (
    "Shapes tell that two files are kin, not which of them was first, nor who made either. The tree is drawn "
    "from the shape in the middle, from which the others differ least.",
    "Plain shapes (a cube, a pin, a washer) are everywhere: they are kin here only where they come of one "
    "export. A copy of a plain part that was remodelled stands alone.",
    "What was cut to a small piece, or changed in more than half of its surface, may stand alone as well.",
)


def write(document: FamiliesDocument, pictures: Mapping[int, bytes], path: Path) -> None:
    """Write the page to `path`, whole or not at all; the same document gives the same bytes."""
    with written_whole(path) as stream:
        stream.writelines(page(document, pictures))


def page(document: FamiliesDocument, pictures: Mapping[int, bytes]) -> Iterable[str]:
    """The page in pieces. pictures: PNG by shape id, for as many shapes as there is room for."""
    yield head("Families", ("report.css", "evaluation.css", "families.css"), images=True)
    yield f"{made(document)}</header>\n<main>\n"
    yield from content(document, pictures)
    yield (
        '</main>\n<footer class="bottom"><p class="muted">Made by '
        '<span class="mono">partwatch families</span>; run again on the same files it gives the same bytes. '
        "This file opens no network connection and runs no script.</p></footer>\n</body>\n</html>\n"
    )


def content(
    document: FamiliesDocument, pictures: Mapping[int, bytes], beside: Beside = lambda family: ""
) -> Iterable[str]:
    """What the page is about, as markup in pieces. beside: what else is told of a family, as markup."""
    yield _cards(document)
    yield _legend(document, pictures)
    many = [family for family in document.families if _files(family) > 1]
    yield "<section><h2>Families of more than one file</h2>\n"
    if not many:
        yield '<p class="muted">None.</p>'
    for place, family in enumerate(many[:MOST_FAMILIES]):
        yield _family(family, pictures, place < OPEN_AT_FIRST, beside(family))
    yield _left(len(many) - MOST_FAMILIES, "families") + "</section>\n"
    yield _links(document)
    yield _alone(document, pictures)
    yield _unread(document)
    yield _not_claimed()


def _files(family: Family) -> int:
    return sum(len(shape.files) for shape in family.shapes)


def made(document: FamiliesDocument) -> str:
    """Of how much, and with what; markup."""
    summary = document.summary
    return (
        f'<p class="muted">{number(summary.files)} files of {number(summary.shapes)} shapes; '
        f"{number(summary.compared)} pairs laid on each other. Partwatch {said(document.program_version)}, "
        f"fingerprint {said(document.fingerprint_version)}.</p>\n"
    )


def _cards(document: FamiliesDocument) -> str:
    summary = document.summary
    many = summary.families - summary.alone
    unread = f"{number(summary.incomplete)} more were read only in part"
    if summary.uncompared:
        unread += f"; {number(summary.uncompared)} comparisons came to no end"
    cards = (
        (number(many), "families", "of more than one file"),
        (
            number(summary.files - summary.alone),
            "files in them",
            f"{number(summary.alone)} files stand alone",
        ),
        (number(summary.same_files), "exact copies", "repeat another file byte for byte"),
        (number(summary.unread), "unread", unread),
    )
    made = "".join(
        f'<div class="card"><b>{figure}</b><span>{name}</span><small>{note}</small></div>'
        for figure, name, note in cards
    )
    return f'<div class="cards">{made}</div>\n'


def _legend(document: FamiliesDocument, pictures: Mapping[int, bytes]) -> str:
    # Drawn, not styled: a page of the service may have no style within its markup.
    last = max(len(ramp.RAMP) - 1, 1)
    stops = "".join(
        f'<stop offset="{100 * place / last:.0f}%" stop-color="{ramp.css(colour)}"/>'
        for place, colour in enumerate(ramp.RAMP)
    )
    gradient = f'<linearGradient id="ramp">{stops}</linearGradient>'
    return (
        '<ul class="keys families-key">'
        f"<li>{_chip(ramp.css(ramp.COINCIDENT))}as in the shape above it</li>"
        f"<li>{_chip('url(#ramp)', ' wide', gradient)}"
        "moved: the redder, the farther</li>"
        f"<li>{_chip(ramp.css(ramp.BEYOND))}nothing of it near</li></ul>\n"
        f'<p class="muted">{number(len(pictures))} of {number(document.summary.shapes)} shapes are drawn, '
        "those of families with several shapes first. A family&rsquo;s first picture, and that of a file "
        "that shares only bodies, is all in the first colour.</p>\n"
    )


def _chip(fill: str, kind: str = "", defined: str = "") -> str:
    return (
        f'<svg class="chip{kind}" viewBox="0 0 16 12" preserveAspectRatio="none" aria-hidden="true">{defined}'
        f'<rect width="16" height="12" fill="{fill}"/></svg>'
    )


def _family(family: Family, pictures: Mapping[int, bytes], is_open: bool, beside: str) -> str:
    shapes = {shape.id: shape for shape in family.shapes[:MOST_SHAPES]}
    root = shapes[family.root]
    below: dict[int, list[Branch]] = {}
    for branch in family.tree:
        if branch.child in shapes:
            below.setdefault(branch.parent, []).append(branch)
    summary = (
        f"<summary><b>Family {family.id}</b> {words.counts(family)} "
        f'<span class="muted">{said(_short(root.files[0]))}</span></summary>'
    )
    tree = _tree(root, below, shapes, pictures)
    left = _left(len(family.shapes) - MOST_SHAPES, "shapes")
    return f'<details class="family"{" open" if is_open else ""}>{summary}\n{beside}{tree}{left}</details>\n'


def _short(file: FamilyFile) -> str:
    return (file.member or file.path).rsplit("/", 1)[-1]


def _tree(
    root: FamilyShape,
    below: Mapping[int, Sequence[Branch]],
    shapes: Mapping[int, FamilyShape],
    pictures: Mapping[int, bytes],
) -> str:
    """Nested lists, so deep and no deeper: a chain of revisions may be long, and a phone is narrow."""
    parts = ['<ul class="tree">']
    # What follows: a shape's branch and its depth, or None where a list ends.
    pending: list[tuple[Branch | None, int] | None] = [(None, 0)]
    while pending:
        following = pending.pop()
        if following is None:
            parts.append("</ul></li>")
            continue
        branch, depth = following
        shape = root if branch is None else shapes[branch.child]
        above = shapes[branch.parent] if branch is not None and depth == MOST_DEPTH else None
        parts.append(f"<li>{_shape(shape, None if branch is None else branch.difference, above, pictures)}")
        children = below.get(shape.id, ())
        if children and depth < MOST_DEPTH:
            parts.append("<ul>")
            pending.append(None)
        else:
            parts.append("</li>")
        pending += [(child, min(depth + 1, MOST_DEPTH)) for child in reversed(children)]
    return "".join(parts) + "</ul>\n"


def _shape(
    shape: FamilyShape, told: Difference | None, above: FamilyShape | None, pictures: Mapping[int, bytes]
) -> str:
    """above: named where the place on the page does not tell it."""
    kind = "" if told is None else f'<p><span class="kin">{words.kinship(told)}</span></p>'
    how = "" if told is None else f'<p class="muted">{words.difference(told)}</p>'
    if above is not None:
        how += f'<p class="muted">The one above: {said(_short(above.files[0]))}</p>'
    about = f"{words.size(shape)}; {number(shape.triangles)} triangles"
    if shape.bodies > 1:
        about += f"; {number(shape.bodies)} different bodies"
    if shape.plain:
        about += "; a plain shape"
    files = "".join(_file(file) for file in shape.files[:MOST_FILES])
    left = _left(len(shape.files) - MOST_FILES, "files")
    listed = f'<ul class="files">{files}</ul>{left}'
    if len(shape.files) > 4:
        listed = f"<details><summary>{number(len(shape.files))} files</summary>{listed}</details>"
    return (
        f'<div class="shape">{_picture(shape, pictures)}<div>{kind}{listed}'
        f'<p class="muted">{about}</p>{how}</div></div>'
    )


def _file(file: FamilyFile) -> str:
    note = words.sameness(file)
    # Already visible; only markup is left to be escaped.
    return f'<li><span class="mono">{said(words.name(file))}</span>{" – " + said(note) if note else ""}</li>'


def _picture(shape: FamilyShape, pictures: Mapping[int, bytes]) -> str:
    png = pictures.get(shape.id)
    if png is None:
        return ""
    data = b64encode(png).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{data}" width="{SIZE[0]}" height="{SIZE[1]}" loading="lazy" '
        f'decoding="async" alt="Picture of {said(_short(shape.files[0]))}">'
    )


def _links(document: FamiliesDocument) -> str:
    first = {shape.id: (family.id, shape.files[0]) for family in document.families for shape in family.shapes}
    rows = []
    for link in document.links[:MOST_ROWS]:
        (family, file), (other_family, other) = first[link.shape], first[link.other]
        told = link.difference
        rows.append(
            [
                Cell(f'<span class="mono">{said(words.name(file))}</span>'),
                Cell(f"family {family}"),
                Cell(f"{told.coverage_parent:.0%} of it", "n"),
                Cell(f'<span class="mono">{said(words.name(other))}</span>'),
                Cell(f"family {other_family}"),
                Cell(f"{told.coverage_child:.0%} of it", "n"),
            ]
        )
    return _folded(
        "Bodies shared between families",
        "Files of different families with a body in common, which is less than half of one of them.",
        ["file", "", "shared", "and file", "", "shared"],
        rows,
        len(document.links),
    )


def _alone(document: FamiliesDocument, pictures: Mapping[int, bytes]) -> str:
    alone = [family.shapes[0] for family in document.families if _files(family) == 1]
    rows = [
        [Cell(f'<span class="mono">{said(words.name(shape.files[0]))}</span>'), Cell(words.size(shape), "n")]
        for shape in alone[:MOST_ROWS]
    ]
    return _folded(
        "Files alone", "Nothing else in the folder was found to be kin.", ["file", "size"], rows, len(alone)
    )


def _unread(document: FamiliesDocument) -> str:
    rows = [
        [
            Cell(f'<span class="mono">{said(item.path)}{_member(item.member)}</span>'),
            Cell("; ".join(said(reason.message) for reason in item.reasons)),
        ]
        for item in document.unread[:MOST_ROWS]
    ]
    return _folded(
        "Unread", "In no family, for the reason given.", ["item", "reason"], rows, len(document.unread)
    )


def _member(member: str | None) -> str:
    return "" if member is None else f" › {said(member)}"


def _folded(title: str, about: str, heads: Sequence[str], rows: list[list[Cell]], total: int) -> str:
    if not total:
        return f'<section><h2>{title}</h2>\n<p class="muted">None.</p></section>\n'
    left = _left(total - len(rows), "")
    return (
        f"<section><h2>{title}</h2>\n<p>{about}</p>"
        f'<details class="plain"><summary>{number(total)}, as a table</summary>{table(heads, rows)}{left}'
        "</details></section>\n"
    )


def _left(count: int, what: str) -> str:
    return (
        f'<p class="muted">{number(count)} more {what}{" " if what else ""}are in the JSON.</p>'
        if count > 0
        else ""
    )


def _not_claimed() -> str:
    items = "".join(f"<li>{line}</li>" for line in _NOT_CLAIMED)
    return f'<section><h2>What is not claimed</h2>\n<ul class="not-claimed">{items}</ul></section>\n'
