"""A service as its client sees it: hands files in, waits, and fetches what was found.

What the network loses is sent again, under the same Idempotency-Key; a server that is busy is waited for.
Everything that the server says is checked before it is believed.
"""

from __future__ import annotations

import ipaddress
import json
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from partwatch import __version__
from partwatch.model.document import READABLE_VERSIONS, ResultDocument
from partwatch.model.errors import PartwatchError, UsageError
from partwatch.service.states import SCREENED
from partwatch.service.uploading import Form
from partwatch.service.views import SubmissionPage, SubmissionView

# Failures of the network in a row, after which the server is given up.
_ATTEMPTS: Final = 6
_FIRST_WAIT_S: Final = 0.5
_MOST_WAIT_S: Final = 20.0
# So long a busy server is waited for in all.
_PATIENCE_S: Final = 4 * 3600.0
_ASK_FIRST_S: Final = 0.1
_ASK_MOST_S: Final = 5.0
_BUSY: Final = frozenset({429, 502, 503, 504, 507})
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
# Longer than the server's own heartbeat.
_SILENCE: Final = httpx.Timeout(45.0, connect=10.0)
_WAKING: Final = ("submission.screened", "submission.decided", "stream.end")
_Model = TypeVar("_Model", bound=BaseModel)


class ServerError(PartwatchError):
    """The server cannot be reached, or does not do what was asked; the message says which and why."""


class TooLargeError(ServerError):
    """What was handed in is more than the server takes. file: which one is too much, from 0, where the server
    says so."""

    def __init__(self, message: str, file: int | None) -> None:
        self.file = file
        super().__init__(message)


@dataclass(frozen=True)
class Address:
    """Where a service is. url: without a slash at its end."""

    url: str
    is_loopback: bool


def address_of(text: str, has_token: bool) -> Address:
    """A server's address as it was given. Raises UsageError, also where a token would go over the network for
    everybody to read."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"--server {text!a}: is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise UsageError(f"--server {text!a}: write https://HOST or http://127.0.0.1:PORT")
    is_loopback = _is_loopback(host)
    if has_token and parts.scheme == "http" and not is_loopback:
        raise UsageError(f"--server {text!a}: a token goes over https only, else anybody on the way reads it")
    return Address(text.rstrip("/"), is_loopback)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Client:
    """One server. tell: called with what somebody who waits wants to know. wait: for so many seconds.

    All of its methods raise ServerError.
    """

    def __init__(
        self,
        address: Address,
        token: str | None,
        tell: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = address.url
        self._tell = tell
        self._wait = wait
        self._has_events = True
        headers = {"User-Agent": f"partwatch/{__version__}", "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # What a proxy has to do with this machine's own server is nothing.
        self._http = httpx.Client(headers=headers, timeout=_TIMEOUT, trust_env=not address.is_loopback)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def greet(self) -> bool:
        """Make sure that a service answers, and lets this client in, before anything is handed in; whether
        it may see results."""
        page = f"{self._url}/v1/submissions"
        try:
            answer = self._http.get(page, params={"limit": 1})
        except httpx.HTTPError as error:
            # Once, at the beginning: a wrong address is told at once.
            raise self._unreachable(error) from error
        if answer.status_code in _BUSY:
            answer = self._sent(lambda: self._http.get(page, params={"limit": 1}))
        self._heard(answer, SubmissionPage)
        # Of no submission at all: who may see results learns that there is none.
        probe = self._sent(lambda: self._http.get(f"{page}/none/result"))
        return probe.status_code != httpx.codes.FORBIDDEN

    def submit(self, form: Form) -> SubmissionView:
        """Hand files in, once, however often it takes. Raises TooLargeError too, and UnreadableError where a
        file changes meanwhile."""
        headers = {
            "Content-Type": form.content_type,
            "Content-Length": str(form.length),
            "Idempotency-Key": secrets.token_urlsafe(24),
        }
        answer = self._sent(
            lambda: self._http.post(f"{self._url}/v1/submissions", content=form.chunks(), headers=headers)
        )
        return self._heard(answer, SubmissionView)

    def screened(self, public: str) -> SubmissionView:
        """A submission, once it is screened."""
        wait_s = _ASK_FIRST_S
        while True:
            found = self.submission(public)
            if found.state in SCREENED:
                return found
            if not self._is_told(public):
                self._wait(wait_s)
                wait_s = min(wait_s * 1.5, _ASK_MOST_S)

    def submission(self, public: str) -> SubmissionView:
        """A submission as it is now."""
        answer = self._sent(lambda: self._http.get(f"{self._url}/v1/submissions/{public}"))
        return self._heard(answer, SubmissionView)

    def result(self, public: str, views: bool) -> ResultDocument:
        """All that was found."""
        told = {"views": "true" if views else "false"}
        answer = self._sent(
            lambda: self._http.get(f"{self._url}/v1/submissions/{public}/result", params=told)
        )
        if answer.is_success:
            self._check_version(answer)
        return self._heard(answer, ResultDocument)

    def _is_told(self, public: str) -> bool:
        """Whether the server said, by its events, that it is worth asking again; False where it has none, or
        the line broke."""
        if not self._has_events:
            return False
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream(
                "GET", f"{self._url}/v1/submissions/{public}/events", headers=headers, timeout=_SILENCE
            ) as answer:
                kind = answer.headers.get("content-type", "")
                if answer.status_code != httpx.codes.OK or not kind.startswith("text/event-stream"):
                    self._has_events = answer.status_code in _BUSY
                    return False
                return any(_is_waking(line) for line in answer.iter_lines())
        except httpx.HTTPError:
            return False

    def _sent(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """The answer to a request that can be sent again: where the line breaks, or the server is busy."""
        failures, waited = 0, 0.0
        while True:
            try:
                answer = send()
            except httpx.HTTPError as error:
                failures += 1
                if failures >= _ATTEMPTS:
                    raise self._unreachable(error) from error
                wait_s = _backoff(failures)
                self._tell(f"{_words(error)}; trying again in {wait_s:.0f} s")
            else:
                if answer.status_code not in _BUSY:
                    return answer
                failures = 0
                wait_s = _retry_after(answer)
                if (waited := waited + wait_s) > _PATIENCE_S:
                    raise ServerError(f"{self._url}: is busy, and was for hours: {_detail(answer)}")
                self._tell(f"the server is busy ({_detail(answer)}); trying again in {wait_s:.0f} s")
            self._wait(wait_s)

    def _heard(self, answer: httpx.Response, model: type[_Model]) -> _Model:
        """What an answer says, checked. Raises ServerError."""
        status = answer.status_code
        if status == httpx.codes.UNAUTHORIZED:
            raise ServerError(
                f"{self._url}: wants a token that is valid: name its file with --token-file, or put it into "
                "PARTWATCH_TOKEN"
            )
        if status == httpx.codes.FORBIDDEN:
            raise ServerError(f"{self._url}: {_detail(answer)}")
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            file = _problem(answer).get("file")
            raise TooLargeError(_detail(answer), file if isinstance(file, int) else None)
        if not answer.is_success:
            raise ServerError(f"{self._url}: answers {status}: {_detail(answer)}")
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise ServerError(
                f"{self._url}: answers what no Partwatch service of this version does "
                f"({error.error_count()} problems); check the address, and the server's version"
            ) from error

    def _check_version(self, answer: httpx.Response) -> None:
        try:
            version = answer.json()["header"]["schema_version"]
        except (ValueError, KeyError, TypeError):
            return
        if version not in READABLE_VERSIONS:
            raise ServerError(f"{self._url}: its results have version {version!a}; update partwatch here")

    def _unreachable(self, error: httpx.HTTPError) -> ServerError:
        return ServerError(
            f"{self._url}: cannot be reached ({_words(error)}); check the address, and that the service runs"
        )


def _backoff(failures: int) -> float:
    # Not all at once, where many clients lost the same server.
    return min(_FIRST_WAIT_S * 2.0 ** (failures - 1), _MOST_WAIT_S) * random.uniform(0.8, 1.2)


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return min(max(1.0, float(text)), 3600.0) if text.isascii() and text.isdigit() else _MOST_WAIT_S


def _is_waking(line: str) -> bool:
    return line.startswith("event:") and line[6:].strip() in _WAKING


def _words(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _detail(answer: httpx.Response) -> str:
    detail = _problem(answer).get("detail")
    return detail[:2000] if isinstance(detail, str) and detail else answer.reason_phrase or "no reason given"
