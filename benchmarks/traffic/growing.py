"""What one more item costs, as the store fills: `python -m benchmarks.traffic --growing`."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.assembly.sightings import Seen
from partwatch.assembly.store import Arrival, AssemblyStore

BATCH = 500
LISTED_PARTS = 10_000
DAY = date(2026, 7, 1)


def growing(items: Sequence[Seen], plans: dict[str, DesignPlan]) -> dict[str, list[float]]:
    """Feed the items to a new store, in batches; print what a batch costs at each size."""
    listed = plans | dict(_others(LISTED_PARTS - sum(len(plan.slots) for plan in plans.values())))
    figures: dict[str, list[float]] = {}
    print("items kept   ms of processor time an item   ms to weigh what it touched   file, MB   peak, MB")
    with tempfile.TemporaryDirectory(prefix="partwatch-growing-") as folder:
        store = AssemblyStore.open(Path(folder))
        done, shown = 0, 1000
        for start in range(0, len(items), BATCH):
            batch = [Arrival(item, None) for item in items[start : start + BATCH]]
            begun = time.process_time()
            taken = store.add(batch, listed, DAY)
            added = time.process_time()
            done += len(batch)
            if done < shown and done < len(items):
                continue
            store.ranked(listed, taken.touched)
            weighed = time.process_time()
            row = [
                1000 * (added - begun) / len(batch), 1000 * (weighed - added) / len(batch),
                store.path.stat().st_size / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            ]  # fmt: skip
            print(f"{done:10,} {row[0]:22.2f} {row[1]:29.2f} {row[2]:18.1f} {row[3]:10.0f}", flush=True)
            figures[str(done)] = row
            shown *= 2
    return figures


def _others(parts: int) -> Iterator[tuple[str, DesignPlan]]:
    """Designs that nothing resembles, so that the list is as long as is asked for."""
    for number in range(max(parts, 0) // 10):
        name = f"other {number}"
        yield name, plan_of(name, [PlannedPart(f"p{k}") for k in range(10)])
