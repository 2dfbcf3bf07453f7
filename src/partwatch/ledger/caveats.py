"""What a verification cannot tell, said each time."""

from __future__ import annotations


def not_shown(
    trusted: bool, anchored: bool, forgotten: int, withheld: int, claimed_stamps: bool
) -> tuple[str, ...]:
    """In sentences, those that no check could settle with what was given."""
    told = []
    if not trusted:
        told.append(
            "Whose key it is. Nobody vouched for it here: whoever has the bundle can sign another of their "
            "own making with a key of their own. Compare the fingerprint with one from elsewhere (--key)."
        )
    if not anchored:
        told.append(
            "Whether the log was once longer, or another. One that was cut back together with its "
            "checkpoints, or written anew by whoever has the key, verifies as well. Compare with a "
            "checkpoint or a bundle kept elsewhere (--earlier), or with timestamps and their roots "
            "(--tsa-root)."
        )
    else:
        told.append(
            "What came after the newest of the earlier checkpoints and verified timestamps: from there on "
            "whoever has the key could still have rewritten the log."
        )
    if claimed_stamps:
        told.append("Whether the timestamps are genuine: no root certificate was given (--tsa-root).")
    if forgotten or withheld:
        told.append(
            f"What {forgotten + withheld:,} entries say: {forgotten:,} forgotten, as the bundle says, and "
            f"{withheld:,} not disclosed. They are where they were, and of their kind."
        )
    told.append(
        "Whether what was entered is true, was all there was, and was entered when it says: only that it "
        "stands since."
    )
    return tuple(told)
