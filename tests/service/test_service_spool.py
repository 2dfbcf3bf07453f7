"""What a Dask worker keeps: each file is what its digest says, for a while, within bounds."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from partwatch.service.desk.dask_wire import Blob
from partwatch.service.desk.spool import Spool


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def blob(content: bytes, name: str = "0") -> Blob:
    return Blob(digest(content), len(content), name)


def put(spool: Spool, content: bytes, piece: int = 1 << 20, sender: str = "abc") -> Blob:
    for offset in range(0, max(1, len(content)), piece):
        chunk = content[offset : offset + piece]
        spool.write(digest(content), sender, offset, len(content), chunk)
    return blob(content)


def test_a_file_sent_in_pieces_is_there_once_it_is_whole(tmp_path: Path) -> None:
    spool, content = Spool(tmp_path), b"0123456789"
    spool.write(digest(content), "a", 0, 10, content[:6])
    assert spool.missing([blob(content)]) == (digest(content),)
    spool.write(digest(content), "a", 6, 10, content[6:])
    assert spool.missing([blob(content)]) == ()
    with spool.using(digest(content)) as path:
        assert path.read_bytes() == content
    assert spool.missing([put(spool, b"")]) == ()


def test_what_is_not_its_digest_is_not_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(digest(b"right"), "a", 0, 5, b"wrong")
    assert spool.missing([blob(b"right")]) == (digest(b"right"),)
    assert list(tmp_path.glob("*/*")) == []


@pytest.mark.parametrize("name", ["", "../x", "/etc/passwd", "a" * 65, "AB", "\0"])
def test_digests_and_senders_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    spool = Spool(tmp_path)
    for sha256, sender in ((name, "a"), ("ab", name)):
        with pytest.raises(ValueError, match="no digest"):
            spool.write(sha256, sender, 0, 1, b"x")


def test_two_senders_of_one_file_do_not_mix(tmp_path: Path) -> None:
    spool, content = Spool(tmp_path), b"0123456789"
    spool.write(digest(content), "a", 0, 10, content[:5])
    put(spool, content, 3, "b")
    spool.write(digest(content), "a", 5, 10, content[5:])
    with spool.using(digest(content)) as path:
        assert path.read_bytes() == content


def test_files_go_when_nobody_used_them_lately_but_not_while_they_are_in_use(tmp_path: Path) -> None:
    spool = Spool(tmp_path, kept_s=300)
    one, two = put(spool, b"one"), put(spool, b"two")
    spool.write(digest(b"three"), "a", 0, 5, b"th")
    with spool.using(one.sha256):
        spool.sweep(time.time() + 301)
        assert spool.missing([one, two]) == (two.sha256,)
        assert list(tmp_path.glob("parts/*")) == []
    spool.sweep(time.time() + 301)
    assert spool.missing([one]) == (one.sha256,)
    with pytest.raises(FileNotFoundError), spool.using(one.sha256):
        pass


def test_beyond_its_room_the_longest_unused_go_and_the_latest_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=10)
    first, second = put(spool, b"12345"), put(spool, b"67890")
    assert spool.missing([first, second]) == ()
    huge = put(spool, bytes(100))
    assert spool.missing([first, second, huge]) == (first.sha256, second.sha256)


def test_a_home_is_made_of_files_that_were_sent_and_takes_the_place_of_the_last(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    kit = [Blob(put(spool, b"a").sha256, 1, "watchlist/a"), Blob(put(spool, b"b").sha256, 1, "background/b")]
    home = spool.make_home(kit, set())
    assert (home / "watchlist" / "a").read_bytes() == b"a"
    assert spool.make_home(kit, set()) == home, "made once, of files that are gone by then"
    other = spool.make_home([Blob(put(spool, b"c").sha256, 1, "c")], {home})
    assert home.is_dir()
    third = spool.make_home([Blob(put(spool, b"d").sha256, 1, "d")], {other})
    assert (home.exists(), other.is_dir(), third.is_dir()) == (False, True, True)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", ""])
def test_what_a_kit_holds_stays_in_its_home(tmp_path: Path, name: str) -> None:
    spool = Spool(tmp_path)
    kit = [Blob(put(spool, b"a").sha256, 1, name)]
    with pytest.raises(ValueError, match="leads out"):
        spool.make_home(kit, set())
