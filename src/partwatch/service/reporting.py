"""The figures of a period as whoever asks may have them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import select

from partwatch.model.errors import UsageError
from partwatch.model.rounding import rounded
from partwatch.model.transparency import TransparencyReport
from partwatch.service.context import Service
from partwatch.service.figures import Period, gather, report_of, wider, width_of
from partwatch.service.principals import Principal
from partwatch.service.states import Role
from partwatch.service.submissions import check_text
from partwatch.service.tables import CUSTOMERS

DAYS: Final = 90
_MOST_KEY_CHARS: Final = 63


def period_of(since: date | None, until: date | None) -> Period:
    """A period as it is asked for: to today, and of DAYS days, where that is left open. Raises UsageError."""
    last = until if until is not None else today()
    if since is not None:
        return Period(since, last)
    try:
        return Period.last(DAYS, last)
    except OverflowError as error:
        raise UsageError(f"until {last}: is no day of this century") from error


def today() -> date:
    """In UTC, as the store counts."""
    return datetime.now(UTC).date()


def reported(
    service: Service, who: Principal, period: Period, customer: str | None = None, publish: bool = False
) -> TransparencyReport:
    """The report of a period. customer: of that one alone. publish: with rounded counts, over longer steps.

    Raises ForbiddenError, UsageError, StoreError.
    """
    who.require(Role.REVIEW, Role.ADMINISTER)
    whose = who.customer if who.customer is not None else customer
    with service.store.reading() as connection:
        if whose is not None:
            check_text("a customer's key", whose, _MOST_KEY_CHARS)
            known = connection.execute(select(CUSTOMERS.c.id).filter_by(id=whose)).scalar()
            if known is None:
                raise UsageError(f"{whose!a}: no such customer; leave it out for all of them")
        stories = gather(connection, period, whose)
    width = width_of(period)
    operator = service.settings.serving.operator
    if not publish:
        return report_of(stories, period, datetime.now(UTC), operator, width)
    return rounded(report_of(stories, period, datetime.now(UTC), operator, wider(width)))
