"""The service's settings: `HOME/service/service.toml` to frozen types, every problem told at once.

Whatever the file leaves out has the value that stands here. docs/operate.md explains each.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, get_type_hints

from partwatch.model.errors import UsageError

FOLDER: Final = "service"
FILE: Final = "service.toml"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Serving:
    """host, port: where it listens. public_url: under which it is reached, where a proxy stands before it.
    trusted_proxies: whose word on the caller's address counts. database: a PostgreSQL URL, else SQLite in
    the home folder. cases: folders or URLs of cases that are shown."""

    host: str = "127.0.0.1"
    port: int = 8077
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    database: str = ""
    cases: tuple[str, ...] = ()
    operator: str = ""


@dataclass(frozen=True)
class Access:
    """login: whether accounts are needed; without it only this machine is served. *_per_minute: of one
    account, or of one address that has none; session_hours: after which a browser asks again."""

    login: bool = False
    requests_per_minute: int = 600
    submissions_per_minute: int = 120
    logins_per_minute: int = 10
    session_hours: int = 12
    token_days: int = 365


@dataclass(frozen=True)
class Screening:
    """jobs: worker processes, 0 for as many as there are processors. timeout_s, memory_mb: of one file.
    pieces: whether regions are looked for. scheduler: of Dask, as tcp://host:port or tls://host:port, else
    this machine's own workers do it; scheduler_*: certificate files for tls. hold: the least finding that is
    held for a person; `unscreenable` holds all but clear. background: a folder with the files of the
    calibration's population; reviewers then see pictures of the nearest benign look-alikes."""

    jobs: int = 0
    timeout_s: float = 60.0
    memory_mb: int = 4096
    pieces: bool = True
    scheduler: str = ""
    scheduler_ca: str = ""
    scheduler_certificate: str = ""
    scheduler_key: str = ""
    hold: str = "unscreenable"
    background: str = ""


@dataclass(frozen=True)
class Intake:
    """What is taken in at once, and how much may wait; beyond that the answer is 429 with Retry-After."""

    file_mb: int = 1024
    submission_mb: int = 2048
    files: int = 1000
    queue_submissions: int = 10_000
    queue_mb: int = 20_480
    customer_share: float = 0.5
    free_disk_mb: int = 1024


@dataclass(frozen=True)
class Retention:
    """Days that things are kept, 0 for not beyond their screening: files of what passed, files of what was
    held, results and pictures, fingerprints in the history. held_files_days counts from the decision."""

    passed_files_days: int = 0
    held_files_days: int = 90
    results_days: int = 365
    history_days: int = 3650


@dataclass(frozen=True)
class NearCopies:
    """How often a customer may hand in near-copies of what was held, within so many days, before everything
    like it waits for a person whatever is found: nobody is to tune a shape against the list."""

    most: int = 3
    days: int = 30
    likeness: float = 0.25


@dataclass(frozen=True)
class History:
    """url: where the fingerprints of all that was screened go, a folder or an object store's URL; the home
    folder's `history` by default. enabled: whether they are kept at all. hunt_new: whether what is put on the
    list is hunted for at once."""

    enabled: bool = True
    url: str = ""
    hunt_new: bool = True


@dataclass(frozen=True)
class Webhooks:
    """private_addresses: whether hooks may lead into the operator's own network. attempts: before a delivery
    is given up."""

    private_addresses: bool = False
    attempts: int = 12
    timeout_s: float = 10.0


@dataclass(frozen=True)
class Settings:
    """All of them, by table."""

    serving: Serving = field(default_factory=Serving)
    access: Access = field(default_factory=Access)
    screening: Screening = field(default_factory=Screening)
    intake: Intake = field(default_factory=Intake)
    retention: Retention = field(default_factory=Retention)
    near_copies: NearCopies = field(default_factory=NearCopies)
    history: History = field(default_factory=History)
    webhooks: Webhooks = field(default_factory=Webhooks)

    @property
    def is_local(self) -> bool:
        """Whether only this machine is served, without accounts."""
        return not self.access.login


def read_settings(home: Path) -> Settings:
    """The settings of a home folder; all of them as they stand above where it has no file. Raises UsageError
    with every problem, one a line."""
    path = home / FOLDER / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not valid TOML: {error}") from error
    problems: list[str] = []
    settings: Settings = _filled(Settings, table, "", problems)
    if not problems:
        problems = check_settings(settings)
    if problems:
        raise UsageError("\n".join(f"{path}: {problem}" for problem in problems))
    return settings


def check_settings(settings: Settings) -> list[str]:
    """What contradicts, or is out of bounds."""
    problems = []
    if settings.is_local and settings.serving.host not in LOOPBACK:
        problems.append(
            f"serving.host: {settings.serving.host} can be reached by others, and access.login is false; set "
            "it to true, or listen on 127.0.0.1"
        )
    if settings.screening.hold not in ("unscreenable", "review", "match"):
        problems.append("screening.hold: is not unscreenable, review or match")
    problems += _scheduler_problems(settings.screening)
    for table in fields(settings):
        for one in fields(getattr(settings, table.name)):
            value = getattr(getattr(settings, table.name), one.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
                problems.append(f"{table.name}.{one.name}: is below 0")
    return problems


def _scheduler_problems(screening: Screening) -> list[str]:
    names = ("scheduler_ca", "scheduler_certificate", "scheduler_key")
    given = [name for name in names if getattr(screening, name)]
    scheme, _, place = screening.scheduler.partition("://")
    if screening.scheduler and (scheme not in ("tcp", "tls") or not place):
        return ["screening.scheduler: is not tcp://host:port or tls://host:port"]
    if scheme == "tls" and len(given) < len(names):
        missing = ", ".join(f"screening.{name}" for name in names if name not in given)
        return [f"{missing}: tls:// needs it; name a PEM file"]
    if scheme != "tls" and given:
        return [
            f"screening.{given[0]}: is for a tls:// scheduler; write screening.scheduler so, or leave it out"
        ]
    return []


def _filled(kind: Any, table: dict[str, Any], above: str, problems: list[str]) -> Any:
    """An instance of a settings type from a table; what is wrong goes into `problems`."""
    hints, known = get_type_hints(kind), {one.name for one in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        wanted = hints.get(key)
        if key not in known:
            problems.append(f"{above}{key}: is no setting; known: {', '.join(sorted(known))}")
        elif is_dataclass(wanted):
            if isinstance(value, dict):
                values[key] = _filled(wanted, value, f"{key}.", problems)
            else:
                problems.append(f"{above}{key}: is not a table; write [{key}]")
        elif (typed := _typed(wanted, value)) is None:
            problems.append(f"{above}{key}: {value!r} is not {_NAMES.get(wanted, 'a list of texts')}")
        else:
            values[key] = typed
    return kind(**values)


_NAMES: Final[dict[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def _typed(wanted: Any, value: Any) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted in (int, float, str, bool):
        return value if type(value) is wanted else None
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None
