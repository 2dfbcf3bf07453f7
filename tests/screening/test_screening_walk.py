"""What is walked, in which order, and what is never opened."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.model.errors import ChangedError, LimitError, UnreadableError, UsageError
from partwatch.screening import files
from partwatch.screening.files import read_regular, sha256_of
from partwatch.screening.walk import Source, check_paths, shown, stdin_spool, walk


def no_stdin() -> str:
    raise AssertionError("stdin was not asked for")


def walked(*paths: Path) -> list[Source]:
    return list(walk([str(path) for path in paths], no_stdin))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_a_folder_is_walked_in_the_order_of_its_paths(tmp_path: Path) -> None:
    names = ["a b.stl", "a.stl", "a/x/1.stl", "a/x.stl", "a0.stl", "ab/.hidden", "b", "Ä.stl"]
    touch(tmp_path, *names)
    (tmp_path / "empty").mkdir()
    found = [os.path.relpath(source.path, tmp_path) for source in walked(tmp_path)]
    assert found == sorted(names, key=os.fsencode)


def test_arguments_keep_their_order(tmp_path: Path) -> None:
    touch(tmp_path, "b", "a", "c/x")
    paths = [tmp_path / "b", tmp_path / "c", tmp_path / "a", tmp_path / "b"]
    expected = [tmp_path / "b", tmp_path / "c/x", tmp_path / "a", tmp_path / "b"]
    assert [Path(source.path) for source in walked(*paths)] == expected


def test_links_pipes_sockets_and_devices_are_named_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "real/file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("real/file")
    (tmp_path / "folder-link").symlink_to("real")
    (tmp_path / "loop").symlink_to(".")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket")
        sources = walked(tmp_path, Path("/dev/null"))
    reasons = {Path(source.path).name: source.problem and source.problem.message for source in sources}
    assert reasons.pop("file") is None
    assert {name: (message or "").split(",")[0] for name, message in reasons.items()} == {
        "folder-link": "a symbolic link",
        "link": "a symbolic link",
        "loop": "a symbolic link",
        "null": "a device",
        "pipe": "a named pipe",
        "socket": "a socket",
    }
    assert {source.problem.code for source in sources if source.problem} == {"not_a_file"}


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a", "locked/x", "z")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    a, locked, z = walked(tmp_path)
    assert (a.problem, z.problem) == (None, None)
    assert locked.problem is not None
    assert locked.problem.code == "inaccessible"
    assert "Permission denied" in locked.problem.message


def test_every_missing_path_is_named_at_once(tmp_path: Path) -> None:
    touch(tmp_path, "here")
    (tmp_path / "dangling").symlink_to("nowhere")
    check_paths([str(tmp_path / "here"), str(tmp_path / "dangling"), "-"])
    with pytest.raises(UsageError, match=r"missing-1, .*missing-2$"):
        check_paths([str(tmp_path / name) for name in ("missing-1", "here", "missing-2")])


def test_stdin_is_given_once() -> None:
    with pytest.raises(UsageError, match="once"):
        check_paths(["-", "-"])


class FakeStdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_stdin_is_spooled_to_a_file_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(3 << 20)
    monkeypatch.setattr(sys, "stdin", FakeStdin(content))
    with stdin_spool(1 << 30) as spool:
        (source,) = walk(["-"], spool)
        assert source.shown == "-"
        assert Path(source.path).read_bytes() == content
    assert not Path(source.path).exists()


def test_endless_stdin_stops_where_the_reader_will_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", FakeStdin(bytes(1000)))
    with stdin_spool(100) as spool, pytest.raises(LimitError):
        read_regular(spool(), 100)


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_a_name_of_any_bytes_is_shown_as_valid_text(name: bytes) -> None:
    text = shown(os.fsdecode(name))
    assert text.encode("utf-8")
    if "\\" not in text:
        assert text.encode("utf-8") == name


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_within_the_limit_is_read_whole(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(bytes(range(size)))
    assert read_regular(str(tmp_path / "file"), 100) == bytes(range(size))


def test_what_is_no_file_is_refused_and_has_no_digest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    for path in ("pipe", "link", "missing", "."):
        with pytest.raises(UnreadableError):
            read_regular(str(tmp_path / path), 100)
        assert sha256_of(str(tmp_path / path)) is None


def test_a_long_file_is_digested_only_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(str(tmp_path / "file")) == digest
    assert sha256_of(str(tmp_path / "file"), 3) == digest
    assert sha256_of(str(tmp_path / "file"), 2) is None


def replace_with_another(path: Path) -> None:
    path.with_name("new").write_bytes(b"first")
    path.with_name("new").replace(path)


class Meddling:
    """Does something to a file once its reading has begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> None:
        genuine = files._up_to

        def up_to(file: BinaryIO, most_bytes: int) -> bytes:
            content = genuine(file, most_bytes)
            deed()
            return content

        monkeypatch.setattr(files, "_up_to", up_to)


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda path: path.write_bytes(b"longer than it was"), "changed while it was read"),
        (lambda path: path.write_bytes(b"x"), "changed while it was read"),
        (lambda path: path.write_bytes(b"other"), "changed while it was read"),
        (lambda path: path.unlink(), "went away"),
        (
            lambda path: (path.with_name("new").write_bytes(b"first"), path.with_name("new").replace(path)),
            "replaced",
        ),
    ],
    ids=["grows", "shrinks", "rewritten", "removed", "replaced"],
)
def test_a_file_that_changes_while_it_is_read_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    os.utime(path, ns=(1, 1))
    Meddling(monkeypatch, lambda: deed(path))
    with pytest.raises(ChangedError, match=words):
        read_regular(str(path), 100)


def test_a_sparse_file_of_a_terabyte_is_refused_by_its_size_and_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "holes.stl"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setattr(files, "_up_to", lambda *_: pytest.fail("it was read"))
    with pytest.raises(LimitError, match="1,099,511,627,776 bytes"):
        read_regular(str(path), 1 << 30)
    assert sha256_of(str(path)) is None
    with path.open("r+b") as file:
        file.truncate(200 << 20)
    assert sha256_of(str(path)) is None


def test_a_name_as_long_as_the_system_allows_and_one_of_control_characters_are_walked(tmp_path: Path) -> None:
    names = ["x" * 255, "a\nb\r\tc\x1b[2J", "\u202eevil"]
    touch(tmp_path, *names)
    found = {Path(source.path).name: source.shown for source in walked(tmp_path)}
    assert set(found) == set(names)
    assert all(Path(text).name == name for name, text in found.items())
