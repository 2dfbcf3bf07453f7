"""Files that are still held, by their digest, and screening them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import select

from partwatch.model.document import Item
from partwatch.screening.driver import Driver, LookAhead
from partwatch.screening.expansion import Unfolded, folded
from partwatch.screening.walk import Source
from partwatch.service.desk.executor import pool_of
from partwatch.service.desk.terms import Bench
from partwatch.service.principals import Principal
from partwatch.service.store import ServiceStore
from partwatch.service.tables import FILES, SUBMISSIONS

_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Held:
    """A file that is there. Whoever else handed in the same bytes is told by it as well."""

    sha256: str
    path: Path


def held_files(store: ServiceStore, digests: Sequence[str], by: Principal) -> list[Held]:
    """Those of the files that are still held and that whoever asks may see, in the order of the digests."""
    found: dict[str, Path] = {}
    with store.reading() as connection:
        for place in range(0, len(digests), _AT_ONCE):
            asked = (
                select(FILES.c.sha256, FILES.c.stored)
                .join(SUBMISSIONS, SUBMISSIONS.c.number == FILES.c.submission)
                .where(
                    FILES.c.sha256.in_(digests[place : place + _AT_ONCE]),
                    FILES.c.stored.is_not(None),
                    SUBMISSIONS.c.forgotten_at.is_(None),
                )
                .order_by(FILES.c.id)
            )
            if by.customer is not None:
                asked = asked.where(SUBMISSIONS.c.customer == by.customer)
            for sha256, stored in connection.execute(asked):
                path = store.files / stored
                if sha256 not in found and path.is_file():
                    found[sha256] = path
    return [Held(digest, found[digest]) for digest in digests if digest in found]


def screened_again(
    bench: Bench, files: Sequence[Held], jobs: int | None, is_over: Callable[[], bool]
) -> Iterator[tuple[Held, tuple[Item, ...]]]:
    """Each file with its items, as `screen` gives them with that list, until it is over. jobs: workers, None
    for as many as the settings say."""
    if not files or is_over():
        return
    done: list[tuple[Held, tuple[Item, ...]]] = []
    of_path = {str(one.path): one for one in files}

    def keep(source: Source, unfolded: Unfolded) -> None:
        done.append((of_path[source.path], tuple(folded(unfolded))))

    def sources() -> Iterator[Source]:
        for place, one in enumerate(files):
            if place and is_over():
                return
            yield Source(str(one.path), one.sha256)

    screening = bench.settings.screening
    settings = screening if jobs is None else replace(screening, jobs=jobs)
    args = dict(bench.setup_args()) | {"prints": False, "views": False}
    with pool_of(settings, args) as pool:
        # Hardly ahead, so that it is over soon after it is said to be.
        driver = Driver(
            pool, look_ahead=LookAhead(max_sources=2 * pool.jobs), limits=bench.read_limits, keep=keep
        )
        for _ in driver.screen(sources()):
            while done:
                yield done.pop(0)
