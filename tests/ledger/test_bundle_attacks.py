"""What somebody may do to a bundle, and that it is seen. PARTWATCH_EVERY_BIT=1 flips all bits (minutes).

Two attackers: whoever has the bundle alone, and whoever has the signing key too and makes the manifest anew.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_samples import (
    AT,
    ENTITY,
    NAME,
    STATEMENTS,
    fill,
    fill_source,
    fresh_log,
    proven,
    signer,
    small_bundle,
)

from partwatch.ledger import log
from partwatch.ledger.bundle import export, verify
from partwatch.ledger.canonical import canonical
from partwatch.ledger.commitments import Entry, parse_entry, statement_key
from partwatch.ledger.errors import LedgerError
from partwatch.ledger.keys import Signer
from partwatch.ledger.manifest import write_manifest
from partwatch.ledger.merkle import leaf_hash, root_of
from partwatch.ledger.notes import Checkpoint, new_checkpoint, parse_checkpoint, signed
from partwatch.ledger.verified import Check, VerifiedLedger

EVERY_BIT = os.environ.get("PARTWATCH_EVERY_BIT") == "1"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("original"))


@pytest.fixture
def bundle(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path / "bundle")
    return tmp_path / "bundle"


def failed(found: VerifiedLedger) -> dict[str, Check]:
    assert found.verified == (not any(check.result == "failed" for check in found.checks))
    return {check.name: check for check in found.checks if check.result == "failed"}


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def remake_manifest(bundle: Path, by: Signer | None = None) -> None:
    """What only the key's holder can do."""
    last = parse_checkpoint(json.loads(lines(bundle / "checkpoints.jsonl")[-1])["note"].encode())[0]
    (bundle / "bundle.note").unlink()
    write_manifest(bundle, last, by or signer())


def rewrite(
    bundle: Path, entries: list[Entry], by: Signer | None = None, sizes: list[int] | None = None
) -> None:
    """The key's holder writes history anew: numbers, checkpoints, manifest; openings keep their entries."""
    by = by or signer()
    entries = [replace(entry, seq=seq) for seq, entry in enumerate(entries)]
    (bundle / "entries.jsonl").write_bytes(b"".join(entry.raw + b"\n" for entry in entries))
    leaves = [leaf_hash(entry.raw) for entry in entries]
    notes = [new_checkpoint(n, root_of(leaves[:n]), by).note for n in sizes or [len(entries)]]
    (bundle / "checkpoints.jsonl").write_bytes(
        b"".join(canonical({"note": note.decode()}) + b"\n" for note in notes)
    )
    (bundle / "key.txt").write_text(by.verifier.line + "\n")
    places = {entry.commitment: entry.seq for entry in entries}
    opened = [json.loads(line) for line in lines(bundle / "openings.jsonl")]
    was = {json.loads(line)["seq"]: entry_of(line) for line in ORIGINAL}
    moved = [
        one | {"seq": places[was[one["seq"]].commitment]}
        for one in opened
        if was[one["seq"]].commitment in places
    ]
    (bundle / "openings.jsonl").write_bytes(
        b"".join(canonical(one) + b"\n" for one in sorted(moved, key=lambda one: one["seq"]))
    )
    (bundle / "forgotten.txt").write_bytes(b"")
    shutil.rmtree(bundle / "statements", ignore_errors=True)
    remake_manifest(bundle, by)


ORIGINAL: list[bytes] = []


def entry_of(line: bytes) -> Entry:
    return parse_entry(line.rstrip(b"\n"), "here")


def entries_of(bundle: Path) -> list[Entry]:
    ORIGINAL[:] = lines(bundle / "entries.jsonl")
    return [entry_of(line) for line in ORIGINAL]


# Flipped bits


def flips(size: int, stride: int) -> Iterator[tuple[int, int]]:
    if EVERY_BIT:
        yield from ((place, bit) for place in range(size) for bit in range(8))
    else:
        yield from ((place, place * 5 // stride % 8) for place in range(0, size, stride))


def is_caught(path: Path) -> bool:
    try:
        return not verify(path).verified
    except LedgerError:
        return True


def flip_each(file: Path, stride: int, caught: Callable[[], bool]) -> list[tuple[int, int]]:
    """Bits whose flip was not caught."""
    whole = file.read_bytes()
    missed = []
    for place, bit in flips(len(whole), stride):
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        file.write_bytes(changed)
        if not caught():
            missed.append((place, bit))
    file.write_bytes(whole)
    return missed


def test_a_flipped_bit_anywhere_is_caught(bundle: Path) -> None:
    for file in sorted(file for file in bundle.rglob("*") if file.is_file()):
        assert flip_each(file, 17, lambda: is_caught(bundle)) == [], file.name
    assert verify(bundle).verified


def test_a_flipped_bit_anywhere_in_a_zip_is_caught(tmp_path: Path) -> None:
    packed = small_bundle(tmp_path, "packed.zip")
    assert flip_each(packed, 31, lambda: is_caught(packed)) == []
    assert verify(packed).verified


def test_a_flipped_bit_is_caught_even_where_the_key_s_holder_makes_the_manifest_anew(bundle: Path) -> None:
    """Then each file is held by what it says itself. Which entries are forgotten is the exporter's word."""

    def caught() -> bool:
        try:
            remake_manifest(bundle)
        except (ValueError, KeyError, TypeError, LedgerError):
            last = Checkpoint(NAME, 7, bytes(32), b"")
            (bundle / "bundle.note").unlink(missing_ok=True)
            write_manifest(bundle, last, signer())
        return is_caught(bundle)

    for name in (
        "entries.jsonl",
        "checkpoints.jsonl",
        "openings.jsonl",
        "statements/5.jsonl",
        "statements/6.jsonl",
    ):
        assert flip_each(bundle / name, 29, caught) == [], name


def test_a_file_cut_anywhere_is_caught(bundle: Path) -> None:
    for file in sorted(file for file in bundle.rglob("*") if file.is_file()):
        whole = file.read_bytes()
        for size in range(0, len(whole), 61):
            file.write_bytes(whole[:size])
            assert is_caught(bundle), (file.name, size)
        file.write_bytes(whole)


# Entries


def test_a_changed_entry_is_caught_and_its_place_is_told(bundle: Path) -> None:
    file = bundle / "entries.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"kind":"decision","seq":3', b'"kind":"merge","seq":3'))
    remake_manifest(bundle)
    problem = failed(verify(bundle))["checkpoints"].problems[0]
    assert problem.where == "checkpoints.jsonl, line 2: entries 2 to 3"
    assert "those of the first 2 are as signed" in problem.what
    assert "changed, dropped, added or moved" in problem.meaning


@pytest.mark.parametrize("place", range(7))
def test_a_dropped_entry_is_caught_wherever_it_was(bundle: Path, place: int) -> None:
    written = lines(bundle / "entries.jsonl")
    (bundle / "entries.jsonl").write_bytes(b"".join(written[:place] + written[place + 1 :]))
    assert "files" in failed(verify(bundle))
    remake_manifest(bundle)
    problem = failed(verify(bundle))["entries"].problems[0]
    told = f"entry {place + 1} where {place} is due" if place < 6 else "the last checkpoint is of 7"
    assert told in problem.what


@pytest.mark.parametrize("place", range(6))
def test_reordered_entries_are_caught(bundle: Path, place: int) -> None:
    written = lines(bundle / "entries.jsonl")
    written[place], written[place + 1] = written[place + 1], written[place]
    (bundle / "entries.jsonl").write_bytes(b"".join(written))
    remake_manifest(bundle)
    assert f"entry {place + 1} where {place} is due" in failed(verify(bundle))["entries"].problems[0].what


def test_entries_dropped_or_moved_and_numbered_anew_are_caught(bundle: Path) -> None:
    entries = entries_of(bundle)
    for changed in (entries[:2] + entries[3:], [entries[1], entries[0], *entries[2:]], entries[:1] + entries):
        numbered = [replace(entry, seq=seq) for seq, entry in enumerate(changed)]
        (bundle / "entries.jsonl").write_bytes(b"".join(entry.raw + b"\n" for entry in numbered))
        remake_manifest(bundle)
        assert "checkpoints" in failed(verify(bundle))


def test_an_added_entry_is_caught(bundle: Path) -> None:
    added = replace(entries_of(bundle)[-1], seq=7)
    with (bundle / "entries.jsonl").open("ab") as file:
        file.write(added.raw + b"\n")
    remake_manifest(bundle)
    problem = failed(verify(bundle))["entries"].problems[0]
    assert "entries 7 to 7 stand beyond the last checkpoint" in problem.what


# Histories


def test_a_log_cut_back_is_caught_unless_its_checkpoints_go_with_it_and_the_key_signs(
    bundle: Path, original: Path
) -> None:
    entries = entries_of(bundle)
    (bundle / "entries.jsonl").write_bytes(b"".join(entry.raw + b"\n" for entry in entries[:4]))
    assert {"files", "entries"} <= set(failed(verify(bundle)))
    # Cut at a checkpoint, as whoever has no key can: the manifest tells.
    cut = lines(original / "checkpoints.jsonl")[:2]
    (bundle / "checkpoints.jsonl").write_bytes(b"".join(cut))
    assert {"files", "checkpoints", "openings"} <= set(failed(verify(bundle)))
    # Whoever has the key can, and nothing in the bundle shows it: that is said, and an earlier one shows it.
    rewrite(bundle, entries[:4], sizes=[2, 4])
    found = verify(bundle, signer().verifier.fingerprint)
    assert found.verified
    assert any("cut back together with its checkpoints" in told for told in found.not_shown)
    problem = failed(verify(bundle, earlier=[original]))["earlier"].problems[0]
    assert "it is of 5 entries, and there are 4" in problem.what
    assert "rolled back" in problem.meaning


def test_an_older_bundle_is_known_by_a_newer_checkpoint(tmp_path: Path) -> None:
    """No key is needed to hand it over, and nothing in it is wrong."""
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        for name in ("older", "newer"):
            fill(connection, 2, signer(), first=log.size(connection))
            export(connection, tmp_path / name, signer())
    older, newer = tmp_path / "older", tmp_path / "newer"
    assert verify(older, signer().verifier.fingerprint).verified
    assert "rolled back" in failed(verify(older, earlier=[newer]))["earlier"].problems[0].meaning
    assert verify(newer, earlier=[older]).verified


def test_a_forked_history_is_caught_by_either_side(tmp_path: Path) -> None:
    """Two logs that begin alike, both whole, both signed by the one key."""
    with fresh_log(tmp_path / "log") as engine:
        with engine.begin() as connection:
            fill(connection, 4, signer())
        shutil.copy(tmp_path / "log", tmp_path / "fork")
    for name, extra in (("log", 2), ("fork", 3)):
        with fresh_log(tmp_path / name) as engine, engine.begin() as connection:
            fill(connection, extra, signer(), first=4)
            export(connection, tmp_path / f"{name} bundle", signer())
    one, other = tmp_path / "log bundle", tmp_path / "fork bundle"
    assert verify(one).verified
    assert verify(other).verified
    for here, there in ((one, other), (other, one)):
        earlier = failed(verify(here, earlier=[there]))["earlier"]
        assert any("two histories of one log" in problem.meaning for problem in earlier.problems)
    # What they have in common is no fork.
    note = tmp_path / "checkpoint"
    note.write_bytes(json.loads(lines(other / "checkpoints.jsonl")[1])["note"].encode())
    assert verify(one, earlier=[note]).verified


def test_an_entry_rewritten_by_the_key_s_holder_is_caught_by_what_was_kept(
    bundle: Path, original: Path
) -> None:
    entries = entries_of(bundle)
    rewrite(bundle, [*entries[:2], replace(entries[2], by="Somebody Else"), *entries[3:]])
    assert verify(bundle, signer().verifier.fingerprint).verified
    note = bundle.parent / "checkpoint"
    note.write_bytes(json.loads(lines(original / "checkpoints.jsonl")[-1])["note"].encode())
    assert "two histories" in failed(verify(bundle, earlier=[note]))["earlier"].problems[0].meaning
    # A checkpoint from before the change still fits: it shows nothing of what came later.
    note.write_bytes(json.loads(lines(original / "checkpoints.jsonl")[0])["note"].encode())
    assert verify(bundle, earlier=[note]).verified


def test_a_bundle_written_anew_with_another_key_is_caught_by_the_key_or_by_what_was_kept(
    bundle: Path, original: Path
) -> None:
    rewrite(bundle, entries_of(bundle), signer(2))
    found = verify(bundle)
    assert found.verified
    assert not found.trusted
    assert any("Whose key it is" in told for told in found.not_shown)
    assert set(failed(verify(bundle, signer().verifier.fingerprint))) == {"key"}
    assert set(failed(verify(bundle, earlier=[original]))) == {"earlier"}
    # The same key under another name is another log.
    rewrite(bundle, entries_of(bundle), signer(1, "another/name"))
    assert set(failed(verify(bundle, earlier=[original]))) == {"earlier"}


def test_a_checkpoint_taken_out_or_moved_is_caught(bundle: Path, original: Path) -> None:
    written = lines(original / "checkpoints.jsonl")
    (bundle / "checkpoints.jsonl").write_bytes(b"".join(written[1:]))
    assert "files" in failed(verify(bundle))
    for moved in (written[:-1], [*written[::-1][1:], written[-1]], [*written, written[-1]], []):
        (bundle / "checkpoints.jsonl").write_bytes(b"".join(moved))
        (bundle / "bundle.note").unlink()
        write_manifest(bundle, Checkpoint(NAME, 7, bytes(32), b""), signer())
        assert failed(verify(bundle))


def test_a_checkpoint_of_another_log_of_the_same_key_is_caught(bundle: Path, original: Path) -> None:
    entries = entries_of(bundle)
    foreign = new_checkpoint(1, leaf_hash(entries[0].raw), signer(1, "another/name")).note
    written = [canonical({"note": foreign.decode()}) + b"\n", *lines(original / "checkpoints.jsonl")]
    (bundle / "checkpoints.jsonl").write_bytes(b"".join(written))
    remake_manifest(bundle)
    assert set(failed(verify(bundle))) == {"checkpoints"}


def test_a_witness_beside_the_log_s_signature_is_not_kept_in_a_bundle_unchecked(bundle: Path) -> None:
    note = json.loads(lines(bundle / "checkpoints.jsonl")[-1])["note"].encode()
    text = note.rpartition(b"\n\n")[0] + b"\n"
    both = note + signed(text, signer(2, "witness")).rpartition(b"\n\n")[2]
    written = [*lines(bundle / "checkpoints.jsonl")[:-1], canonical({"note": both.decode()}) + b"\n"]
    (bundle / "checkpoints.jsonl").write_bytes(b"".join(written))
    remake_manifest(bundle)
    assert "checkpoints" in failed(verify(bundle))
    # Kept elsewhere it is as good as without.
    kept = bundle.parent / "checkpoint"
    kept.write_bytes(both)
    assert "earlier" not in failed(verify(bundle, earlier=[kept]))


def test_a_manifest_passes_for_no_checkpoint_and_a_checkpoint_for_no_manifest(
    bundle: Path, original: Path
) -> None:
    with pytest.raises(LedgerError):
        verify(original, earlier=[bundle / "bundle.note"])
    note = json.loads(lines(bundle / "checkpoints.jsonl")[-1])["note"].encode()
    (bundle / "bundle.note").write_bytes(note)
    assert "files" in failed(verify(bundle))
    with pytest.raises(LedgerError, match="name of a ledger"):
        new_checkpoint(1, bytes(32), signer(1, "partwatch ledger bundle 1"))


# Openings and statements


def change_lines(bundle: Path, name: str, change: Callable[[list[dict[str, object]]], object]) -> None:
    documents = [json.loads(line) for line in lines(bundle / name)]
    change(documents)
    (bundle / name).write_bytes(b"".join(canonical(one) + b"\n" for one in documents))
    remake_manifest(bundle)


def test_openings_that_changed_places_are_caught(bundle: Path) -> None:
    def swap(documents: list[dict[str, object]]) -> None:
        documents[0]["seq"], documents[1]["seq"] = documents[1]["seq"], documents[0]["seq"]
        documents.sort(key=lambda one: str(one["seq"]))

    change_lines(bundle, "openings.jsonl", swap)
    found = failed(verify(bundle))
    assert set(found) == {"openings", "statements"} - ({"statements"} - set(found))
    assert found["openings"].problems[0].where == "openings.jsonl, line 1 (entry 0)"
    assert "does not fit the entry's commitment" in found["openings"].problems[0].what


def test_an_opening_of_a_forgotten_or_absent_entry_is_caught(bundle: Path) -> None:
    change_lines(bundle, "openings.jsonl", lambda documents: documents[-1].update(seq=900_000))
    assert "no such entry" in failed(verify(bundle))["openings"].problems[0].what
    (bundle / "forgotten.txt").write_bytes(b"1\n3\n")
    remake_manifest(bundle)
    assert any("entry 3 is open" in one.what for one in failed(verify(bundle))["openings"].problems)
    for wrong in (b"01\n", b"9\n", b"1\n1\n", b"2\n1\n", b"-1\n", "١\n".encode(), b"1", b"\n"):
        (bundle / "forgotten.txt").write_bytes(wrong)
        remake_manifest(bundle)
        assert any("forgotten.txt" in one.where for one in failed(verify(bundle))["openings"].problems), wrong


@pytest.mark.parametrize("name", ["statements/5.jsonl", "statements/6.jsonl"])
def test_statements_that_are_changed_moved_or_taken_out_of_the_leaves_are_caught(
    bundle: Path, name: str
) -> None:
    original = (bundle / name).read_bytes()
    changes: list[Callable[[list[dict[str, object]]], object]] = [
        lambda documents: documents[0].update(statement="{}"),
        lambda documents: documents[0].update(key="00" * 32),
        lambda documents: documents[0].update(position=3),
        lambda documents: documents.reverse(),
        lambda documents: documents.append(documents[-1]),
        lambda documents: documents[0].update(
            statement=STATEMENTS[2].decode(), key=statement_key(ENTITY, 2).hex()
        ),
        lambda documents: documents.append({"leaf": "00" * 32, "position": 9}),
    ]
    if name == "statements/6.jsonl":
        changes += [lambda documents: documents.pop(), lambda documents: documents.clear()]
    else:
        changes += [
            lambda documents: documents[0].pop("proof"),
            lambda documents: documents[0].update(proof=["00" * 32] * 65),
            lambda documents: documents[1].update(proof=documents[0]["proof"]),
        ]
    for change in changes:
        (bundle / name).write_bytes(original)
        change_lines(bundle, name, change)
        assert set(failed(verify(bundle))) == {"statements"}


def test_statements_of_a_source_whose_entry_is_not_opened_are_held_by_nothing(bundle: Path) -> None:
    (bundle / "statements/5.jsonl").rename(bundle / "statements/2.jsonl")
    remake_manifest(bundle)
    assert "not opened" in failed(verify(bundle))["statements"].problems[0].what
    (bundle / "statements/2.jsonl").rename(bundle / "statements/0.jsonl")
    remake_manifest(bundle)
    assert 'no "statements"' in failed(verify(bundle))["statements"].problems[0].what


def test_statements_of_one_source_do_not_pass_for_another_s(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "log") as engine, engine.begin() as connection:
        fill_source(connection, signer())
        body = {"statements": {"count": 5, "root": "11" * 32}}
        log.append(connection, "import", body, "A", AT, signer())
        export(connection, tmp_path / "bundle", signer(), statements={1: proven([0])})
    assert "does not lead" in failed(verify(tmp_path / "bundle"))["statements"].problems[0].what


# Files


def test_files_that_no_bundle_has_are_refused(bundle: Path) -> None:
    for name in ("README", "statements/x.jsonl", "statements/01.jsonl", "timestamps/1.tsr", "entries.jsonl~"):
        file = bundle / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
        assert "no file of a bundle" in failed(verify(bundle))["files"].problems[0].what
        file.unlink()
    (bundle / "timestamps").rmdir()
    (bundle / "more").mkdir()
    assert "no file of a bundle" in failed(verify(bundle))["files"].problems[0].what
    (bundle / "more").rmdir()
    (bundle / "statements/7.jsonl").write_bytes(b"")
    assert "the manifest does not name it" in failed(verify(bundle))["files"].problems[0].what


def test_links_and_pipes_are_not_followed(bundle: Path, original: Path) -> None:
    for name in ("entries.jsonl", "statements/5.jsonl"):
        (bundle / name).unlink()
        (bundle / name).symlink_to(original / name)
        assert "no file of a bundle" in failed(verify(bundle))["files"].problems[0].what
        (bundle / name).unlink()
        os.mkfifo(bundle / name)
        assert "no file of a bundle" in failed(verify(bundle))["files"].problems[0].what
        (bundle / name).unlink()
        shutil.copy(original / name, bundle / name)
    shutil.rmtree(bundle / "statements")
    (bundle / "statements").symlink_to(original / "statements")
    assert "no folder of a bundle" in failed(verify(bundle))["files"].problems[0].what


@pytest.mark.parametrize(
    "name", ["entries.jsonl", "checkpoints.jsonl", "openings.jsonl", "forgotten.txt", "key.txt"]
)
def test_a_missing_file_is_caught(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert any(
        one.where == name and one.what == "missing" for one in failed(verify(bundle))["files"].problems
    )


@pytest.mark.parametrize(
    "name", ["../entries.jsonl", "/etc/passwd", "statements/../key.txt", "bundle.note", "a b"]
)
def test_a_manifest_names_files_of_a_bundle_only(bundle: Path, name: str) -> None:
    text = (bundle / "bundle.note").read_bytes().rpartition(b"\n\n")[0] + b"\n"
    text += f"{'0' * 64} 1 {name}\n".encode()
    (bundle / "bundle.note").write_bytes(signed(text, signer()))
    assert "names no file of a bundle" in failed(verify(bundle))["files"].problems[0].what


def zips(packed: bytes) -> dict[str, bytes]:
    """Other ZIPs of the same members."""
    import io

    def again(compression: int = zipfile.ZIP_STORED, **extra: str) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(made, "w", compression) as target:
            for info in source.infolist():
                target.writestr(info.filename, source.read(info))
            for name, content in extra.items():
                target.writestr(name, content)
        return made.getvalue()

    comment = bytearray(packed + b"hi")
    comment[-4:-2] = b"\x02\x00"
    return {
        "packed by another program": again(),
        "compressed": again(zipfile.ZIP_DEFLATED),
        "a member more": again(**{"zzz": "x"}),
        "a member outside": again(**{"../x": "x"}),
        "bytes behind": packed + b"\0",
        "bytes before": b"\0" + packed,
        "bytes before, a ZIP's": b"PK\x03\x04" + packed,
        "a comment": bytes(comment),
        "twice": packed + packed,
    }


def test_a_zip_is_taken_only_as_it_was_written(tmp_path: Path) -> None:
    packed = small_bundle(tmp_path, "packed.zip").read_bytes()
    for name, changed in zips(packed).items():
        (tmp_path / "changed.zip").write_bytes(changed)
        assert is_caught(tmp_path / "changed.zip"), name
    for size in range(0, len(packed), 97):
        (tmp_path / "changed.zip").write_bytes(packed[:size])
        assert is_caught(tmp_path / "changed.zip"), size


def test_a_zip_with_a_wrong_checksum_in_all_its_places_is_caught(tmp_path: Path) -> None:
    path = small_bundle(tmp_path, "packed.zip")
    packed = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        crc = zlib.crc32(archive.read("key.txt")).to_bytes(4, "little")
    assert packed.count(crc) == 2
    path.write_bytes(packed.replace(crc, bytes(4)))
    assert "checksum" in str(failed(verify(path))["files"].problems)


def test_a_line_without_end_is_refused_before_it_is_held(bundle: Path) -> None:
    with (bundle / "entries.jsonl").open("ab") as file:
        file.truncate(64 << 20)
    found = failed(verify(bundle))
    assert "more than 40 MB" in found["entries"].problems[0].what
