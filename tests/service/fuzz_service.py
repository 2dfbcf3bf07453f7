"""The whole API against its own description: `python tests/service/fuzz_service.py`, a few minutes.

A service over HTTP, with submissions in every state, asked by schemathesis as each of three: this machine,
where no login is needed; an account of the operator with every role; and one of a customer. Every answer must
be one that the description names, of the type and shape that it names, and none may be a failure of the
server. Exits 1 where one is not. The seed is fixed; --seed and --examples say otherwise.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
from partwatch.service.access.accounts import add_account
from partwatch.service.access.tokens import make_token
from service_running import running
from service_samples import SHOP, Workers, clear, hand_in

from partwatch.model.document import Finding
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.customers import add_customer
from partwatch.service.decisions import decide
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Access, Intake, Settings
from partwatch.service.states import Act, Role
from partwatch.service.store import ServiceStore
from partwatch.watchlist.store import Watchlist

# It asks what no service promises: that whatever fits the description is taken. A name may be taken already,
# and a file of no design is none.
EXCLUDED: Final = ("positive_data_acceptance",)
# What would leave the service itself, or ends only with its client.
SKIPPED: Final = (r"/events$",)


def looks_like(node: Node) -> Answer:
    """As `clear`, but held."""
    answer = clear(node)
    return answer.model_copy(update={"item": answer.item.model_copy(update={"finding": Finding.REVIEW})})


def populate(home: Path, settings: Settings) -> tuple[list[str], ServiceStore]:
    """Submissions in every state; their ids."""
    Watchlist.open(home, create=True)
    store = ServiceStore.open(home, settings)
    add_customer(store, "shop", "Shop", THIS_MACHINE)
    made = []
    for answer, acts in (
        (clear, ()), (looks_like, ()), (looks_like, (Act.ASK,)), (looks_like, (Act.RELEASE,)),
        (looks_like, (Act.CONFIRM,)), (looks_like, (Act.CONFIRM, Act.APPEAL)),
    ):  # fmt: skip
        made.append(hand_in(store, {"a.stl": b"1", "b <b>.3mf": b"2"}, "shop", by=SHOP).id)
        desk = Desk(store, settings, lambda _bench, answer=answer: Workers(answer))
        while desk.step():
            pass
        desk.close()
        for act in acts:
            decide(store, made[-1], act, "because", THIS_MACHINE)
    made.append(hand_in(store, {"waits.stl": b"3"}, "shop", by=SHOP).id)
    return made, store


def tokens(store: ServiceStore) -> dict[str, str]:
    """Of an account with every role, and of one of a customer."""
    add_account(store, "staff", frozenset(Role), None, THIS_MACHINE)
    add_account(store, "shopper", {Role.SUBMIT}, "shop", THIS_MACHINE)
    return {
        name: make_token(store, name, "fuzz", roles, 1, THIS_MACHINE)[1]
        for name, roles in (("staff", frozenset(Role)), ("shopper", frozenset({Role.SUBMIT})))
    }


def described(address: str, ids: list[str], headers: dict[str, str]) -> dict[str, Any]:
    """The description, with ids that there are as examples: nobody guesses one."""
    answer = httpx.get(f"{address}/v1/openapi.json", headers=headers).raise_for_status()
    document: dict[str, Any] = answer.json()
    for path, item in document["paths"].items():
        if not path.startswith("/v1/submissions/{id}"):
            continue
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "id":
                    parameter["examples"] = {f"e{n}": {"value": one} for n, one in enumerate(ids)}
    return document


def fuzz(who: str, login: bool, seed: int, examples: int) -> int:
    """One round; schemathesis' exit code."""
    access = Access(login=login, requests_per_minute=10**9, submissions_per_minute=10**9)
    settings = Settings(access=access, intake=Intake(queue_submissions=10**6, file_mb=1, submission_mb=4))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        ids, store = populate(home, settings)
        headers = {"Authorization": f"Bearer {tokens(store)[who]}"} if login else {}
        with running(home, settings) as address:
            description = Path(folder) / "openapi.json"
            description.write_text(json.dumps(described(address, ids, headers)))
            command = [
                sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", address,
                "--phases", "examples,coverage,fuzzing,stateful",
                "--seed", str(seed), "--max-examples", str(examples), "--continue-on-failure",
                "--checks", "all", "--exclude-checks", ",".join(EXCLUDED), "--warnings", "off",
                "--generation-database", "none", "--no-color", "--request-timeout", "60",
                # Hypothesis looks at how long it takes to make an example, which says nothing of the service.
                "--suppress-health-check", "all",
            ]  # fmt: skip
            for pattern in SKIPPED:
                command += ["--exclude-path-regex", pattern]
            for name, value in headers.items():
                command += ["-H", f"{name}: {value}"]
            sys.stdout.write(f"as {who}\n")
            sys.stdout.flush()
            return subprocess.run(command, cwd=folder, check=False).returncode


def main() -> int:
    """As each of them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=20_261_129)
    asked.add_argument("--examples", type=int, default=15)
    asked.add_argument("--who", choices=("machine", "staff", "shopper"), action="append")
    given = asked.parse_args()
    logging.getLogger("partwatch.service").addHandler(logging.StreamHandler())
    rounds = given.who or ["machine", "staff", "shopper"]
    return max([fuzz(who, who != "machine", given.seed, given.examples) for who in rounds])


if __name__ == "__main__":
    sys.exit(main())
