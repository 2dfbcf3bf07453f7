"""`partwatch ledger`: what was exported of a case's ledger, verified and shown; needs nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from partwatch.cli import stdout
from partwatch.model.errors import UsageError
from partwatch.report.escape import visible

if TYPE_CHECKING:
    from partwatch.ledger.commitments import Entry
    from partwatch.ledger.verified import VerifiedLedger

EXIT_DOES_NOT_VERIFY: Final = 1
_MOST_SHOWN: Final = 160
_SAID: Final = {"passed": "ok", "failed": "FAILED", "not_checked": "not checked"}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The ledger of a case, as it was exported: verified and shown, offline.",
)

Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported ledger: a folder or a ZIP.")]
Kept = Annotated[Path, typer.Argument(metavar="BUNDLE|CHECKPOINT", help="A bundle, or a checkpoint's file.")]
Roots = Annotated[
    list[Path] | None,
    typer.Option("--tsa-root", metavar="FILE", help="Root certificates (PEM) to verify timestamps by."),
]


@app.command()
def verify(
    bundle: Bundle,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|FINGERPRINT", help="The log's public key, from elsewhere than the bundle."
        ),
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(metavar="BUNDLE|CHECKPOINT", help="What was kept of the log before; may be repeated."),
    ] = None,
    tsa_root: Roots = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Verify a bundle: every entry, checkpoint, opening, statement and timestamp in it.

    Exits 0 if it verifies, 1 if it does not; 2 on trouble, as where it is no bundle at all.
    """
    from partwatch.ledger.bundle import verify as verify_bundle

    found = verify_bundle(bundle, key, earlier or (), tsa_root or ())
    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=1) + "\n")
    else:
        for line in _told(found):
            typer.echo(line)
    if not found.verified:
        raise typer.Exit(EXIT_DOES_NOT_VERIFY)


@app.command()
def show(
    bundle: Bundle,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="One JSON object a line, bodies whole.")] = False,
) -> None:
    """List the entries, with what the bundle discloses of each.

    Verifies first; where that fails, says so, lists what can be read all the same, and exits 1.
    """
    from partwatch.ledger.bundle import read_entries
    from partwatch.ledger.bundle import verify as verify_bundle
    from partwatch.ledger.errors import DamagedLedgerError

    found = verify_bundle(bundle)
    stdout.prepare(as_json=ndjson)
    if not found.verified:
        typer.echo("partwatch: this bundle does NOT verify: see `partwatch ledger verify`", err=True)
    try:
        for entry in read_entries(bundle):
            typer.echo(_entry_json(entry) if ndjson else _entry_line(entry))
    except DamagedLedgerError as error:
        typer.echo(f"partwatch: {visible(str(error))}", err=True)
    if not found.verified:
        raise typer.Exit(EXIT_DOES_NOT_VERIFY)


@app.command()
def checkpoint(bundle: Bundle) -> None:
    """Print the last checkpoint: keep it elsewhere, and give it to a later `verify` with --earlier."""
    from partwatch.ledger.bundle import read_checkpoint

    stdout.prepare(as_json=True)
    sys.stdout.write(read_checkpoint(bundle).note.decode())


@app.command()
def timestamp(
    kept: Kept,
    request: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a request (.tsq) for an authority.")
    ] = None,
    response: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Check an authority's response (.tsr); with --url: write it there."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this authority over HTTP; else nothing is sent.")
    ] = None,
    tsa_root: Roots = None,
) -> None:
    """Have a checkpoint timestamped (RFC 3161): write the request, take the response, check it.

    Of a bundle the last checkpoint counts. Only its hash is in the request.
    """
    from partwatch.ledger import timestamps
    from partwatch.ledger.bundle import read_checkpoint

    if (request is None) == (response is None) or (url is not None and response is None):
        raise UsageError("give --request FILE, or --response FILE, the latter with --url to fetch it first")
    made = read_checkpoint(kept)
    if request is not None:
        _write(request, timestamps.request(made.note))
        typer.echo(f"{visible(str(request))}: a request over the checkpoint of {made.size:,} entries")
        return
    assert response is not None
    roots = timestamps.read_roots(tsa_root or ())
    if url is not None:
        answer = timestamps.fetch(url, timestamps.request(made.note))
    else:
        answer = timestamps.read_limited(response, timestamps.MOST_RESPONSE_BYTES)
    stamp = timestamps.check(answer, made.note, roots)
    if url is not None:
        _write(response, answer)
    how = "verified" if stamp.verified else "NOT verified: give --tsa-root"
    typer.echo(
        f"the checkpoint of {made.size:,} entries was there on {stamp.at:%Y-%m-%d %H:%M:%S} UTC ({how})"
    )


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError(f"{path}: there is a file already; give a name that is free") from None


def _told(found: VerifiedLedger) -> list[str]:
    told = [f"{visible(found.bundle)}: {'verified' if found.verified else 'DOES NOT VERIFY'}"]
    told.append(f"  ledger       {found.origin or 'unknown'}")
    whose = "as given" if found.trusted else "whose it is was not shown"
    told.append(f"  key          {found.key_fingerprint or 'unreadable'} ({whose})")
    told.append(f"  entries      {found.size:,}: {found.opened:,} opened, {found.forgotten:,} forgotten, "
                f"{found.withheld:,} not disclosed")  # fmt: skip
    if found.first_at is not None:
        told.append(f"  dated        {found.first_at} to {found.last_at}")
    for check in found.checks:
        told.append(f"{check.name:<13}  {_SAID[check.result]:<11}  {visible(check.said)}")
        for problem in check.problems:
            told.append(f"    {visible(problem.where)}: {visible(problem.what)}")
            told.append(f"      that is: {visible(problem.meaning)}")
        if check.untold:
            told.append(f"    and {check.untold:,} more")
    for stamp in found.timestamps:
        how = "verified" if stamp.verified else "not verified"
        told.append(f"timestamp      {stamp.at}  the first {stamp.size:,} entries ({how})")
    told += [f"remark: {visible(remark)}" for remark in found.remarks]
    told.append("Not shown by this:")
    told += [f"  - {line}" for line in found.not_shown]
    return told


def _entry_line(entry: Entry) -> str:
    body = "-" if entry.opening is None else entry.opening.body_bytes.decode()
    if len(body) > _MOST_SHOWN:
        body = body[:_MOST_SHOWN] + "…"
    return f"{entry.seq:>6}  {entry.at}  {entry.kind:<14}  {visible(entry.by)}  {visible(body)}"


def _entry_json(entry: Entry) -> str:
    body = None if entry.opening is None else entry.opening.body
    fields = {"seq": entry.seq, "at": entry.at, "by": entry.by, "kind": entry.kind, "body": body}
    return json.dumps(fields, ensure_ascii=False)
