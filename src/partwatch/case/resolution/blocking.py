"""Which pairs are compared: those that share a key, keys that too many share left out.

One wide block costs more than all others together, so blocks are measured before anything is compared. A
block that is too wide is divided by what else its records say; what is still too wide is left out, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from partwatch.case.resolution import words
from partwatch.case.resolution.records import Kind, Records

WIDEST: Final = 100  # records in a block
NARROWEST: Final = 12
MOST_PAIRS_A_RECORD: Final = 60
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class Blocks:
    """keys: for each record the blocks it is in. widest: records that a block may have. pairs: that would
    be compared, those of two blocks counted twice. rules: blocks used by their kind of key. left_out: by
    kind of key the blocks that were too wide, and the records in them."""

    keys: list[list[str]]
    widest: int
    pairs: int
    rules: Mapping[str, int]
    left_out: Mapping[str, tuple[int, int]]


def blocks_of(records: Records, widest: int = WIDEST) -> Blocks:
    """Blocks of these records; narrower ones where the pairs would be too many."""
    rows = _rows(records)
    coarse = [list(dict.fromkeys(_KEYS[records.kind](row))) for row in rows]
    sizes = Counter(key for keys in coarse for key in keys)
    most = MOST_PAIRS_A_RECORD * max(len(records), 1000)
    while True:
        divided = [_divided(keys, row, sizes, widest) for keys, row in zip(coarse, rows, strict=True)]
        counted = Counter(key for keys in divided for key in keys)
        pairs = sum(n * (n - 1) // 2 for n in counted.values() if n <= widest)
        if pairs <= most or widest <= NARROWEST:
            return _blocks(divided, counted, widest, pairs)
        widest = max(widest // 2, NARROWEST)


def _blocks(divided: list[list[str]], counted: Counter[str], widest: int, pairs: int) -> Blocks:
    used: Counter[str] = Counter()
    wide: dict[str, tuple[int, int]] = {}
    for key, size in counted.items():
        rule = key.partition(":")[0]
        if 2 <= size <= widest:
            used[rule] += 1
        elif size > widest:
            blocks, held = wide.get(rule, (0, 0))
            wide[rule] = (blocks + 1, held + size)
    keys = [[key for key in own if 2 <= counted[key] <= widest] for own in divided]
    return Blocks(keys, widest, pairs, dict(sorted(used.items())), dict(sorted(wide.items())))


def _divided(keys: list[str], row: _Row, sizes: Counter[str], widest: int) -> list[str]:
    """Too wide ones in parts."""
    found: list[str] = []
    for key in keys:
        if sizes[key] <= widest:
            found.append(key)
            continue
        rule, _, rest = key.partition(":")
        finer = {
            "year": (row.get("birth") or "")[:4], "post": row.get("postcode"),
            "initial": (row.get("given") or row.get("name") or row.get("street") or "")[:2],
        }  # fmt: skip
        parts = [f"{rule}+{name}:{rest}|{value}" for name, value in finer.items() if value]
        found += parts or [key]
    return found


def _rows(records: Records) -> list[dict[str, Any]]:
    names = [name for name in records.columns if not name.startswith("tf_")]
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(records.columns[name] for name in names), strict=True)
    ]


def _person(row: _Row) -> Iterator[str]:
    given, family, birth = row["given"] or "", row["family"] or "", row["birth"] or ""
    if given and family:
        # Sorted: they may have been swapped.
        yield f"name:{'|'.join(sorted((given, family)))}"
        yield f"sound:{'|'.join(sorted((words.phonetic(given), words.phonetic(family))))}"
        if birth:
            yield f"year:{words.phonetic(family)}|{given[0]}|{birth[:4]}"
        if row["postcode"] or row["city"]:
            yield f"near:{words.phonetic(family)}|{given[0]}|{row['postcode'] or row['city']}"
    if len(birth) == 10:
        yield f"birth:{birth}"
    for email in row["emails"] or ():
        yield f"email:{email}"
    if row["mailname"]:
        yield f"mailname:{row['mailname']}"
    yield from _shared(row, given[:1])


def _organization(row: _Row) -> Iterator[str]:
    name = row["name"] or ""
    if name:
        yield f"name:{name}"
        yield f"sound:{words.phonetic(name)}|{len(name) // 8}|{row['city'] or ''}"
        yield f"start:{name[:6]}|{row['postcode'] or row['city'] or ''}"
    rarest = sorted(row["words"] or (), key=lambda word: (-len(word), word))[:2]
    if len(rarest) == 2:
        yield f"words:{'|'.join(rarest)}"
    if row["email"]:
        yield f"email:{row['email']}"
    yield from _shared(row, "")


def _address(row: _Row) -> Iterator[str]:
    street, city, postcode = row["street"] or "", row["city"] or "", row["postcode"] or ""
    if street:
        yield f"place:{street}|{city}"
        yield f"post:{street}|{postcode}"
        yield f"sound:{words.phonetic(street)}|{row['number'] or ''}|{postcode or city}"
        yield f"cities:{words.phonetic(street)}|{row['number'] or ''}|{words.phonetic(city)}"
        # Neighbours are met as well: the calibration must know what speaks against.
        yield f"road:{words.phonetic(street)}|{(row['number'] or '')[:1]}|{postcode or city}"


def _shared(row: _Row, initial: str) -> Iterator[str]:
    for phone in row["phones"] or ():
        yield f"phone:{phone}"
    for one in row["ids"] or ():
        yield f"id:{one}"
    if row["street"] and (row["postcode"] or row["city"]):
        yield f"place:{row['street']}|{row['postcode'] or row['city']}|{initial}"


_KEYS: Final[Mapping[Kind, Callable[[_Row], Iterator[str]]]] = {
    Kind.PERSON: _person, Kind.ORGANIZATION: _organization, Kind.ADDRESS: _address,
}  # fmt: skip
