"""Families on a page and in the terminal: all is said, nothing outside becomes markup, long lists end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from families_documents import chain, difference, document, file, shape, unread
from partwatch.model.families import Branch, Family, Kinship, Link, Sameness
from partwatch.report import families_page
from partwatch.report import families_words as words
from partwatch.report.families_page import page, write
from partwatch.report.families_text import lines

EVIL = '<img src=x onerror=alert(1)>"&\u202e.stl'


def tree_of_three() -> Family:
    shapes = (shape(1, "a.stl", "copy.stl"), shape(2, "b.stl"), shape(3, "c.stl"))
    return Family(
        id=1,
        root=1,
        shapes=shapes,
        tree=(
            Branch(parent=1, child=2, difference=difference(Kinship.MIRROR)),
            Branch(parent=2, child=3, difference=difference()),
        ),
    )


def test_the_terminal_shows_a_tree() -> None:
    told = list(lines(document([tree_of_three(), chain(2, [shape(4, "d.stl")])])))
    assert told[:8] == [
        "Family 1: 4 files, 3 shapes",
        "a.stl  (10.0 × 20.0 × 30.5 mm)",
        "│  = copy.stl  (copy, byte for byte)",
        "└─ b.stl  (10.0 × 20.0 × 30.5 mm)",
        "   │  mirror image: 95.0 % of the one above is found here, 90.0 % of this one there; volume −1.2 %; "
        "surface +0.4 %",
        "   └─ c.stl  (10.0 × 20.0 × 30.5 mm)",
        "         revision: 95.0 % of the one above is found here, 90.0 % of this one there; volume −1.2 %; "
        "surface +0.4 %",
        "",
    ]
    assert told[8] == "5 files: 1 families of more than one, 1 files alone; 0 repeat another byte for byte"


def test_the_terminal_names_a_few_links_and_unread_items_and_counts_the_rest() -> None:
    families = [chain(1, [shape(1, "a.stl")]), chain(2, [shape(2, "b.stl")])]
    links = [Link(shape=1, other=2, difference=difference(Kinship.REMIX))] * 23
    told = list(lines(document(families, links, [unread(f"{k}\n.stl", "cut short") for k in range(22)])))
    assert told[0] == "23 pairs of shapes of different families share bodies:"
    assert told[1] == "  a.stl (family 1, 95% of it) and b.stl (family 2, 90% of it)"
    assert "  and 3 more in --json" in told
    assert "  0\\n.stl: cut short" in told
    assert told[-1] == "  and 2 more in --json"


def test_names_from_outside_never_become_markup() -> None:
    family = Family(id=1, root=1, shapes=(shape(1, EVIL, EVIL),), tree=())
    alone = chain(2, [shape(2, EVIL + "2")])
    links = [Link(shape=1, other=2, difference=difference(Kinship.REMIX))]
    text = "".join(page(document([family, alone], links, [unread(EVIL, EVIL)]), {1: b"png"}))
    assert "<img src=x" not in text
    assert "\u202e" not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;&quot;&amp;\\u202e.stl") >= 6
    assert "<script" not in text


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    text = "".join(page(document([tree_of_three()]), {1: b"one", 2: b"two"}))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "http" not in text.replace("http-equiv", "")
    assert text.count('<img src="data:image/png;base64,') == 2
    assert text.count('loading="lazy"') == 2
    assert "2 of 3 shapes are drawn" in text


def test_every_list_opened_is_closed() -> None:
    long = chain(2, [shape(k, f"link{k}.stl") for k in range(4, 24)])
    text = "".join(page(document([tree_of_three(), long]), {}))
    for tag in ("ul", "li", "div", "details", "section", "p", "table", "main", "header"):
        assert len(re.findall(rf"<{tag}[ >]", text)) == text.count(f"</{tag}>"), tag
    # Nested as the tree is.
    assert text.index("b.stl") < text.index("c.stl")
    places = [text.index(f">link{k}.stl<") for k in range(4, 24)]
    assert places == sorted(places)
    # Beyond some depth the one above is named instead.
    assert text.count("The one above: link22.stl") == 1


def test_long_lists_end_and_say_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_FAMILIES", "MOST_FILES", "MOST_ROWS", "MOST_SHAPES"):
        monkeypatch.setattr(families_page, name, 2)
    many = [chain(k, [shape(k, "x.stl", "y.stl", "z.stl")]) for k in (1, 2, 3)]
    chained = chain(4, [shape(k, f"shape{k}.stl", "again.stl") for k in (10, 11, 12, 13)])
    alone = [chain(k, [shape(k, f"alone{k}.stl")]) for k in range(20, 25)]
    text = "".join(page(document([chained, *many, *alone]), {}))
    assert "2 more families are in the JSON" in text
    assert "2 more shapes are in the JSON" in text
    assert "1 more files are in the JSON" in text
    assert "3 more are in the JSON" in text
    assert "alone22.stl" not in text


def test_a_page_is_written_whole_and_twice_the_same(tmp_path: Path) -> None:
    told = document([tree_of_three()])
    write(told, {1: b"one"}, tmp_path / "a.html")
    write(told, {1: b"one"}, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


@pytest.mark.parametrize(
    ("scale", "factor", "told"),
    [
        (1.003, 1.0, None),
        (1.012, 1.0, "1.012 times the size"),
        (25.4, 25.4, "25.4 times the size, as if a millimetre were an inch"),
        (0.0393701, 1 / 25.4, "0.03937 times the size, as if an inch were a millimetre"),
        (0.001, 0.001, "0.001 times the size, as if a metre were a millimetre"),
        (1.5, None, "1.5 times the size"),
    ],
)
def test_sizes_are_said_as_people_do(scale: float, factor: float | None, told: str | None) -> None:
    assert words.scaled(scale, factor) == told


def test_a_revision_of_which_little_is_left_says_so() -> None:
    told = difference()
    assert words.kinship(told) == "revision"
    assert words.kinship(told.model_copy(update={"coverage_child": 0.5})) == "revision, much changed"
    assert words.kinship(difference(Kinship.MIRROR)) == "mirror image"


def test_every_relation_has_words() -> None:
    assert set(words.KINSHIPS) == set(Kinship)
    assert set(words.SAMENESS) == set(Sameness)
    assert words.name(file("a.zip", member="in/b.stl")) == "a.zip › in/b.stl"
