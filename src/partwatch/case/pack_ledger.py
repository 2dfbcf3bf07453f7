"""The ledger's bundle that lies beside a disclosure pack: what the pack says of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from partwatch.ledger.bundle import read_checkpoint
from partwatch.ledger.container import MANIFEST
from partwatch.model.case_pack import CasePack, LedgerBundle


def with_ledger(pack: CasePack, bundle: Path) -> CasePack:
    """The pack, naming a bundle that was written (a .zip, or a folder) and its last checkpoint. The digest
    is of the .zip, or of the signed note in the folder, which names every other file. Raises LedgerError,
    OSError."""
    checkpoint = read_checkpoint(bundle)
    named = bundle / MANIFEST if bundle.is_dir() else bundle
    with named.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    file = f"{bundle.name}/{MANIFEST}" if bundle.is_dir() else bundle.name
    told = LedgerBundle(
        file=file, sha256=digest, checkpoint=checkpoint.note.decode("utf-8", "replace"),
        entries=checkpoint.size,
    )  # fmt: skip
    return pack.model_copy(update={"ledger": told})
