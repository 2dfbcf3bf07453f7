"""What a case rests on: said before anything goes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from partwatch.model.errors import UsageError


@dataclass(frozen=True)
class Charter:
    """name: of the case; authority: who keeps it; legal_basis: the law or order that allows it; purpose:
    what for; retention: the day after which nothing may be done with it but to hand it over or to destroy
    it. Raises UsageError where one is missing."""

    name: str
    authority: str
    legal_basis: str
    purpose: str
    retention: date

    def __post_init__(self) -> None:
        for field in ("name", "authority", "legal_basis", "purpose"):
            if not getattr(self, field).strip():
                raise UsageError(f"a case needs its {field.replace('_', ' ')} stated")

    def expired(self, day: date) -> bool:
        """Whether its retention has run out."""
        return day > self.retention

    def told(self) -> dict[str, str]:
        """As it is kept."""
        return {
            "name": self.name,
            "authority": self.authority,
            "legal_basis": self.legal_basis,
            "purpose": self.purpose,
            "retention": self.retention.isoformat(),
        }


def charter_of(told: dict[str, str]) -> Charter:
    """The charter that was kept."""
    return Charter(
        told["name"],
        told["authority"],
        told["legal_basis"],
        told["purpose"],
        date.fromisoformat(told["retention"]),
    )
