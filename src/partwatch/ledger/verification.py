"""Verifies a bundle with no other state: every check by name, and where it fails, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from partwatch.ledger import container as files
from partwatch.ledger.caveats import not_shown
from partwatch.ledger.container import Container, opened, read
from partwatch.ledger.disclosures import check_forgotten, check_openings, check_statements
from partwatch.ledger.earlier import Kept, read_earlier, stored
from partwatch.ledger.errors import DamagedLedgerError
from partwatch.ledger.keys import trusted_fingerprint, verifies
from partwatch.ledger.manifest import check_manifest
from partwatch.ledger.notes import VerifierKey, parse_verifier
from partwatch.ledger.timestamps import MOST_RESPONSE_BYTES, check, read_roots
from partwatch.ledger.verified import Check, Checking, ToldStamp, VerifiedLedger
from partwatch.ledger.walk import Walked, check_end, check_prefixes, walk

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MOST_KEY_LINE: Final = 1 << 10
_CHANGED: Final = "the file was changed, or damaged on its way"
_FORKED: Final = "two histories of one log: entries were rewritten after this checkpoint was handed out"
_CUT: Final = "the log was rolled back: entries that it once had are gone"
_OTHER_KEY: Final = (
    "another key signed it: another log, a checkpoint made by somebody else, or this bundle was"
)


@dataclass(frozen=True)
class _Given:
    """What the reader brought along."""

    name: str
    fingerprint: str | None
    earlier: tuple[Kept, ...]
    roots: tuple[Certificate, ...]


def verify(
    bundle: Path,
    trusted_key: str | None = None,
    earlier: Sequence[Path] = (),
    tsa_roots: Sequence[Path] = (),
) -> VerifiedLedger:
    """Verify a bundle, a folder or a ZIP.

    trusted_key: a fingerprint or a file with the public key, from elsewhere than the bundle. earlier: bundles
    or checkpoints of the same log, kept from before. tsa_roots: PEM files for its timestamps. Raises
    LedgerError only where there is no bundle to verify, or what was brought along cannot be read.
    """
    given = _Given(
        str(bundle),
        None if trusted_key is None else trusted_fingerprint(trusted_key),
        tuple(kept for path in earlier for kept in read_earlier(path)),
        tuple(read_roots(tsa_roots)) if tsa_roots else (),
    )
    try:
        with opened(bundle) as container:
            return _verify(container, given)
    except DamagedLedgerError as error:
        checking = Checking("files")
        checking.fail(
            given.name, str(error), "the bundle was changed, damaged on its way, or packed by another program"
        )
        return _report(given, None, Walked(), 0, (checking.done(""),))


def _verify(container: Container, given: _Given) -> VerifiedLedger:
    checks: list[Check] = []
    checking = Checking("files")
    key = _read_key(container, checking)
    manifest = check_manifest(container, key, checking)
    checks.append(checking.done(f"{checking.count:,} files are those of the signed manifest"))
    checks.append(_check_key(key, given.fingerprint))

    signed = Checking("checkpoints")
    notes = _stored(container, key, signed)
    walking = Checking("entries")
    wanted = {one.checkpoint.size for one in (*notes, *given.earlier)}
    walked = walk(container, wanted, walking)
    last = notes[-1].checkpoint.size if notes else 0
    if manifest is not None and manifest.size != last:
        signed.fail(files.MANIFEST, f"it is of {manifest.size} entries, the last checkpoint of {last}", _CUT)
    check_end(walked.size, last, walking)
    check_prefixes(notes, walked, signed)
    checks.append(walking.done(f"{walked.size:,} entries, all under the last checkpoint"))
    checks.append(signed.done(f"{len(notes):,} checkpoints, each signed, each the beginning of the next"))

    opening = Checking("openings")
    sources = {seq for name in container.sizes if (seq := files.statements_seq(name)) is not None}
    seen, claims = check_openings(container, bytes(walked.commitments), sources, opening)
    forgotten = check_forgotten(container, walked.size, seen, opening)
    checks.append(opening.done(f"{len(seen):,} entries opened, each fits its commitment"))
    stating = Checking("statements")
    check_statements(container, claims, stating)
    if not sources:
        stating.skip("the bundle discloses no statements of sources")
    checks.append(stating.done(f"{stating.count:,} statements lead to the roots of their sources"))

    stamping = Checking("timestamps")
    stamps = _check_stamps(container, notes, given.roots, stamping)
    checks.append(stamping.done(f"{len(stamps):,} timestamps verify"))
    checks.append(_check_earlier(given.earlier, key, walked))
    return _report(
        given,
        key,
        walked,
        last,
        tuple(checks),
        checkpoints=len(notes),
        opened=len(seen),
        forgotten=forgotten,
        statements=stating.count,
        stamps=stamps,
    )


def _read_key(container: Container, checking: Checking) -> VerifierKey | None:
    try:
        line = read(container, files.KEY, _MOST_KEY_LINE)
        if not line.endswith(b"\n"):
            raise DamagedLedgerError("its line is cut")
        return parse_verifier(line[:-1].decode("ascii"))
    except (DamagedLedgerError, UnicodeDecodeError) as error:
        checking.fail(files.KEY, str(error), _CHANGED)
        return None


def _check_key(key: VerifierKey | None, fingerprint: str | None) -> Check:
    checking = Checking("key")
    if fingerprint is None:
        checking.skip("no key was given to compare with (--key)")
    elif key is None or key.fingerprint != fingerprint:
        there = "none" if key is None else key.fingerprint
        checking.fail(
            files.KEY,
            f"the key's fingerprint is {there}, not {fingerprint}",
            "somebody else signed this bundle: it is of another log, or was written anew with another key",
        )
    checking.count = 1
    return checking.done("it is the key that was given")


def _stored(container: Container, key: VerifierKey | None, checking: Checking) -> list[Kept]:
    """Checkpoints whose signatures hold, the smallest first."""
    try:
        notes = stored(container)
    except DamagedLedgerError as error:
        checking.fail(files.CHECKPOINTS, str(error), _CHANGED)
        return []
    held: list[Kept] = []
    for one in notes:
        checking.count += 1
        if not _signed_by(one, key) or len(one.note.signatures) != 1:
            checking.fail(one.where, "it has no valid signature by the log's key alone", _OTHER_KEY)
        elif held and one.checkpoint.size <= held[-1].checkpoint.size:
            checking.fail(one.where, "it is not of more entries than the one before it", _CHANGED)
        else:
            held.append(one)
    if not held:
        checking.fail(files.CHECKPOINTS, "no checkpoint that holds", "nothing signs the entries")
    return held


def _signed_by(one: Kept, key: VerifierKey | None) -> bool:
    return key is not None and one.checkpoint.origin == key.name and verifies(one.note, key)


def _check_stamps(
    container: Container, notes: list[Kept], roots: Sequence[Certificate], checking: Checking
) -> list[ToldStamp]:
    by_size = {one.checkpoint.size: one.checkpoint.note for one in notes}
    told: list[ToldStamp] = []
    for name in container.sizes:
        place = files.timestamp_place(name)
        if place is None:
            continue
        checking.count += 1
        try:
            if place[0] not in by_size:
                raise DamagedLedgerError(f"there is no checkpoint of {place[0]} entries")
            stamp = check(read(container, name, MOST_RESPONSE_BYTES), by_size[place[0]], roots)
        except DamagedLedgerError as error:
            checking.fail(
                name, str(error), "the timestamp or its checkpoint was changed, or is of another authority"
            )
            continue
        told.append(ToldStamp(size=place[0], at=f"{stamp.at:%Y-%m-%dT%H:%M:%SZ}", verified=stamp.verified))
    if not checking.count:
        checking.skip("the bundle has no timestamps")
    elif not roots:
        checking.skip("they are over these checkpoints, but no root certificate was given (--tsa-root)")
    return sorted(told, key=lambda one: (one.size, one.at))


def _check_earlier(earlier: Sequence[Kept], key: VerifierKey | None, walked: Walked) -> Check:
    checking = Checking("earlier")
    if not earlier:
        checking.skip("no earlier checkpoint or bundle was given to compare with (--earlier)")
    for one in earlier:
        checking.count += 1
        size = one.checkpoint.size
        if not _signed_by(one, key):
            checking.fail(
                one.where, "it has no valid signature by this log's key", f"{_OTHER_KEY} written anew"
            )
        elif size > walked.size:
            checking.fail(one.where, f"it is of {size} entries, and there are {walked.size}", _CUT)
        elif walked.roots[size] != one.checkpoint.root:
            checking.fail(one.where, f"its root is not that of the first {size} entries", _FORKED)
    return checking.done(f"{checking.count:,} earlier checkpoints are beginnings of this log")


def _report(
    given: _Given,
    key: VerifierKey | None,
    walked: Walked,
    last: int,
    checks: tuple[Check, ...],
    checkpoints: int = 0,
    opened: int = 0,
    forgotten: int = 0,
    statements: int = 0,
    stamps: Sequence[ToldStamp] = (),
) -> VerifiedLedger:
    verified = all(check.result != "failed" for check in checks)
    trusted = verified and given.fingerprint is not None
    withheld = max(0, walked.size - opened - forgotten)
    anchored = bool(given.earlier) or any(stamp.verified for stamp in stamps)
    return VerifiedLedger(
        bundle=given.name,
        verified=verified,
        trusted=trusted,
        origin=None if key is None else key.name,
        key_fingerprint=None if key is None else key.fingerprint,
        size=walked.size,
        root=walked.roots[walked.size].hex() if walked.size else None,
        first_at=walked.moments[0] if walked.moments else None,
        last_at=walked.moments[1] if walked.moments else None,
        checkpoints=checkpoints,
        opened=opened,
        forgotten=forgotten,
        withheld=withheld,
        statements=statements,
        timestamps=tuple(stamps),
        checks=checks,
        remarks=_remarks(walked, stamps),
        not_shown=not_shown(trusted, anchored, forgotten, withheld, any(not one.verified for one in stamps)),
    )


def _remarks(walked: Walked, stamps: Sequence[ToldStamp]) -> tuple[str, ...]:
    remarks = []
    if walked.back:
        remarks.append(
            f"{walked.back:,} entries are dated before the one that they follow: a clock was set back"
        )
    return tuple(remarks)
