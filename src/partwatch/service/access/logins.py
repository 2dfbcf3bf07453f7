"""How often passwords may be tried: of one account, and from one address."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request

from partwatch.service.access.accounts import MOST_NAME_CHARS
from partwatch.service.access.rates import Rates
from partwatch.service.queueing import BusyError


def check_rate(request: Request, name: str) -> None:
    """Count one try. Raises BusyError where there were too many, of the account or from the address."""
    rates = cast("Rates", request.app.state.rates)
    wait = rates.logins.wait_s(("address", request.state.address))
    # Whether or not there is such an account.
    wait = wait or rates.logins.wait_s(("account", name.lower()[: 2 * MOST_NAME_CHARS]))
    if wait:
        raise BusyError(f"too many tries; try again in {wait} s", wait)
