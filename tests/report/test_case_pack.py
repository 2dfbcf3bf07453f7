"""The disclosure pack: each sentence resolves, each number is the document's, and no text is ever markup."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from case_documents import pack
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from partwatch.evidence.words import SCALE, ratio_in_words
from partwatch.model.case_pack import CasePack, Party
from partwatch.report import case_pack_page, case_pack_pdf
from partwatch.report.case_pack_picture import picture
from partwatch.report.case_pack_text import breakable, lacking, of_known_scripts, unescaped_but
from partwatch.report.case_pack_words import Named, Sentence, sections

HOSTILE = (
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.2.2": *',
    '$ x^2 $ *bold* _it_ `raw` = Heading @s-100 <label> \\ #eval("1+1")',
    "]]} #panic() //",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "\u202egpj.exe\u2066 مضخة 漢字 \x00\x07 " + "w" * 700,
)


def all_sentences(document: CasePack) -> list[Sentence]:
    return [one for section in sections(document) for one in section.sentences]


@pytest.mark.parametrize("document", [pack(), pack(empty=True, ledger=False), pack(items=0), pack(HOSTILE)])
def test_every_sentence_rests_on_something_in_the_document_or_says_that_it_does_not(
    document: CasePack,
) -> None:
    statements = {one.number for one in document.statements}
    sources = {one.number for one in document.sources}
    made = all_sentences(document)
    assert len(made) > 12
    for one in made:
        assert set(one.statements) <= statements
        assert set(one.sources) <= sources
        assert (one.statements or one.sources) or one.none, one.plain()


def numbers_of(value: Any) -> Iterator[str]:
    """Every number that the document holds, as sentences write it: also lengths, and ratios of bits."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield from (f"{value:,}", f"{value:.1f}", f"{value:g}", f"{value:.3g}")
        yield ratio_in_words(float(value)).split()[0]
    elif isinstance(value, str):
        yield from re.findall(r"[\d,.]*\d", value)
    elif isinstance(value, dict):
        yield from numbers_of(list(value.values()))
    else:
        yield f"{len(value):,}"
        for one in value:
            yield from numbers_of(one)


def test_every_number_in_a_sentence_is_in_the_document() -> None:
    document = pack()
    told = document.model_dump()
    known = set(numbers_of(told)) | {"2", "95"}  # the base of bits, the level of intervals
    ways = [way for asked in document.questions for way in asked.paths]
    known |= {str(n + 1) for way in ways for n in range(len(way.hops))} | {
        str(n + 1) for n in range(len(ways))
    }
    known |= {f"{document.tested.pairs - document.tested.merged:,}"}
    for finding in ("clear", "unscreenable"):
        known |= {
            str(
                sum(
                    one.finding == finding or (finding != "clear" and not one.complete)
                    for one in document.items
                )
            )
        }
    for one in all_sentences(document):
        ours = "".join(piece for piece in one.pieces if isinstance(piece, str))
        found = re.findall(r"(?<![\w-])\d[\d,.]*\d|(?<![\w-])\d", ours.replace("SHA-256", ""))
        strangers = [
            number for number in found if number not in known and not re.fullmatch(r"[0-9a-f]{64}", number)
        ]
        assert strangers == [], one.plain()


def test_a_stray_number_would_be_seen() -> None:
    assert "4,711" not in set(numbers_of(pack().model_dump()))


def test_what_speaks_against_is_told() -> None:
    plain = {
        section.title[0]: " ".join(one.plain() for one in section.sentences) for section in sections(pack())
    }
    against = plain["What speaks against, and what was not found"]
    assert "No path ties Ada Arnold to Luc Haas." in against
    assert "4 items were screened and are clear" in against
    assert "could not be screened" in against
    assert (
        "hand pump 1 and Luc Haas: different (-3.4 bits) by E. Analyst: born in different years." in against
    )
    assert "4,809 were not" in against
    fell = plain["What was withdrawn, and what fell with it"]
    assert "struck by the court" in fell
    assert "without it, by no path" in fell
    assert "95 % interval 0.0021 to 0.0072" in plain["Error rates and limits"]
    assert "12 messages without text were not read" in plain["What was not looked at"]
    question = plain["Question 1: "]
    assert "A rival path, path 2" in question
    assert "If chat export.json falls, no path is left." in question


def test_an_empty_case_says_that_nothing_was_found() -> None:
    told = " ".join(one.plain() for one in all_sentences(pack(empty=True, ledger=False)))
    assert "Nothing was asked." in told
    assert "No person decided anything" in told
    assert "No error rate was stated" in told
    assert "No ledger lies beside this pack." in told


def test_a_document_that_points_at_nothing_is_refused() -> None:
    document = pack()
    broken = document.model_dump() | {"statements": []}
    with pytest.raises(ValidationError, match="no statement 100 is in the document"):
        CasePack.model_validate(broken)
    stranger = Party(key="0", schema_name="Person", caption="x", statements=(1,))
    asked = document.questions[0].model_copy(update={"left": stranger})
    with pytest.raises(ValidationError, match="no statement 1 is in the document"):
        CasePack.model_validate(document.model_dump() | {"questions": [asked.model_dump()]})


# HTML.


class Read(HTMLParser):
    """Tags, ids, where links lead, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.leads: list[str] = []
        self.words: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        told = dict(attrs)
        self.ids += [told["id"]] if told.get("id") else []  # type: ignore[list-item]  # tested just before
        self.leads += [told["href"]] if told.get("href") else []  # type: ignore[list-item]  # tested just before
        self.handlers += [name for name in told if name.startswith("on")]

    def handle_data(self, text: str) -> None:
        self.words.append(text)


def read(document: CasePack) -> Read:
    parsed = Read()
    parsed.feed("".join(case_pack_page.page(document)))
    return parsed


@pytest.mark.parametrize("document", [pack(), pack(HOSTILE), pack(empty=True, ledger=False)])
def test_every_link_of_the_page_leads_somewhere_once(document: CasePack) -> None:
    parsed = read(document)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {one.removeprefix("#") for one in parsed.leads} <= set(parsed.ids)
    assert {f"s-{one.number}" for one in document.statements} <= set(parsed.ids)


def test_the_page_runs_nothing_and_hostile_text_stays_text() -> None:
    parsed = read(pack(HOSTILE))
    assert not {"script", "img", "iframe", "object"} & set(parsed.tags)
    assert parsed.handlers == []
    words = "".join(parsed.words)
    for one in HOSTILE[:6]:
        assert one.replace("\\", "\\") in words
    assert "\u202e" not in words
    assert "\\u202egpj.exe" in words


def test_the_annex_tells_source_place_original_digest_and_entry() -> None:
    document = pack()
    words = re.sub(r"\s+", " ", " ".join(read(document).words))
    one = document.statements[0]
    assert f"S{one.number}" in words
    assert one.place in words
    assert str(one.original) in words
    for source in document.sources:
        assert source.sha256 in words
        assert source.said_by in words
        assert f"ledger entry {source.entry:,}" in words
    assert "Withdrawn: taken beyond the order" in words
    assert "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" in words
    for _, word in SCALE:
        assert word.value in words


def test_the_page_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        case_pack_page.write(pack(HOSTILE), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


# The picture.


def test_the_picture_is_sound_xml_with_a_column_for_each_path() -> None:
    from xml.etree import ElementTree

    document = pack(HOSTILE)
    drawn = picture(document, document.questions[0], of_known_scripts)
    assert drawn is not None
    root = ElementTree.fromstring(drawn)  # noqa: S314  # our own, made just before
    texts = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [one for one in texts if one.startswith("Path ")] == ["Path 1: 5.9 bits", "Path 2: 2.5 bits"]
    assert texts.count("breaks first") == 2
    assert picture(document, document.questions[1]) is None


# PDF.


def test_the_pdf_is_the_same_each_time_and_of_its_date() -> None:
    pytest.importorskip("typst")
    document = pack()
    one, two = (case_pack_pdf.compiled(document)[0] for _ in range(2))
    assert one == two
    assert one.startswith(b"%PDF-")
    assert b"2026-11-29" in one or b"D:20261129" in one
    later = document.model_copy(update={"as_of": "2026-11-30T10:00:00Z"})
    assert case_pack_pdf.compiled(later)[0] != one


@pytest.mark.parametrize("document", [pack(HOSTILE), pack(empty=True, ledger=False)])
def test_the_pdf_takes_hostile_text_as_text(document: CasePack, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    case_pack_pdf.write(document, tmp_path / "pack.pdf")
    made = (tmp_path / "pack.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [tmp_path / "pack.pdf"]
    assert b"root:" not in made


def test_the_template_reads_hostile_text_back_as_it_was() -> None:
    """What typst set is asked of typst itself: the words of the headings and of the named pieces."""
    typst = pytest.importorskip("typst")
    document = pack(HOSTILE)
    data = case_pack_pdf.data_of(document)
    fonts = typst.Fonts(include_system_fonts=False)
    template = (
        b"#let pack = json(bytes(sys.inputs.data))\n"
        b'#let named(words) = text(style: "italic", words)\n'
        b"#for section in pack.sections { for one in section.sentences { for piece in one.pieces "
        b"{ [#metadata(piece.words)<said>]; if piece.named { named(piece.words) } else [#piece.words] } } }"
    )
    found = json.loads(
        typst.query(
            template, "<said>", field="value", font_paths=fonts, sys_inputs={"data": json.dumps(data)}
        )
    )
    wanted = [
        piece["words"]
        for section in data["sections"]
        for one in section["sentences"]
        for piece in one["pieces"]
    ]
    assert found == wanted
    assert any('#read("/etc/passwd")' in one for one in found)


def test_the_template_parses_no_text_and_reads_no_file() -> None:
    template = case_pack_pdf.asset("case_pack.typ")
    assert not re.search(r"#?(eval|read|import|include|plugin|csv|yaml|toml|xml|cbor)\s*\(", template)
    assert "#import" not in template
    assert "#include" not in template
    assert re.findall(r"json\(([^)]*)", template) == ["bytes(sys.inputs.data"]


def test_typst_cannot_leave_its_empty_folder() -> None:
    typst = pytest.importorskip("typst")
    data = case_pack_pdf.data_of(pack(HOSTILE))
    assert '#read("/etc/passwd")' in json.dumps(data).replace('\\"', '"')
    with pytest.raises(typst.TypstError):
        typst.compile(b'#read("/etc/passwd")', root=str(Path(__file__).parent), format="pdf")


def test_more_fonts_show_more_and_what_none_shows_is_an_escape(tmp_path: Path) -> None:
    """With an empty folder of fonts the library's own are all there is."""
    pytest.importorskip("typst")
    document = pack(("漢字 помпа", "Ünïcode ∀", "plain", "\U0001f600", "مضخة"))
    assert case_pack_pdf.compiled(document, tmp_path)[0].startswith(b"%PDF-")
    clean = unescaped_but(lacking('the text `"漢"` could not be displayed with font'))
    assert clean("漢字 помпа") == "\\u6f22\\u5b57 помпа"
    assert lacking("something else") == frozenset()


def test_every_character_that_is_taken_as_known_is_shown_in_every_style() -> None:
    """PDF/A refuses what no font shows."""
    typst = pytest.importorskip("typst")
    known = [chr(code) for code in range(0x20, 0x2100) if of_known_scripts(chr(code)) == chr(code)]
    text = "".join(f"o{one}" for one in known if unicodedata.category(one) not in ("Cn", "Cc", "Cf"))
    template = (
        b'#let words = json(bytes(sys.inputs.data))\n#set text(font: ("Libertinus Serif", '
        b'"DejaVu Sans Mono", "New Computer Modern"))\n'
        b'#set document(title: "x", date: datetime(year: 2026, month: 1, day: 1))\n'
        b"#words #emph(words) #strong(words) #strong(emph(words))"
        b'#text(font: "DejaVu Sans Mono", words)'
    )
    made = typst.compile(
        template, font_paths=typst.Fonts(include_system_fonts=False), format="pdf", timestamp=0,
        pdf_standards=["a-2b"], sys_inputs={"data": json.dumps(text)},
    )  # fmt: skip
    assert made.startswith(b"%PDF-")


def test_texts_stay_within_their_boxes() -> None:
    document = pack(("w" * 300, "Ш" * 300, "l" * 300, "M" * 40, "x" * 29))
    drawn = picture(document, document.questions[0])
    assert drawn is not None
    boxes = drawn.split(">", 1)[1]  # without what the picture is called
    assert not re.search("w{18}|Ш{18}|M{18}", boxes)
    assert re.search("w{9}", boxes)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=7, max_size=7))
def test_any_names_make_a_page_whose_references_resolve(names: list[str]) -> None:
    document = pack(tuple(names))
    parsed = read(document)
    assert {one.removeprefix("#") for one in parsed.leads} <= set(parsed.ids)
    for one in all_sentences(document):
        assert all(isinstance(piece, str | Named) for piece in one.pieces)


@settings(max_examples=2, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=7, max_size=7))
def test_any_names_make_a_pdf(names: list[str]) -> None:
    pytest.importorskip("typst")
    assert case_pack_pdf.compiled(pack(tuple(names)))[0].startswith(b"%PDF-")


@given(st.text(max_size=300))
def test_text_for_print_keeps_what_it_says(text: str) -> None:
    assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")
    assert all(len(word) <= 28 for word in re.split(r"[\s\u200b]", breakable(text)))
    known = of_known_scripts(text)
    assert of_known_scripts(known) == known
    assert known.encode("utf-8").decode("utf-8") == known
