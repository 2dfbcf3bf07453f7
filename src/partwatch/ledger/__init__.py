"""The ledger: a Merkle log of keyed commitments, signed checkpoints, bundles that verify alone.

`log` writes it within the caller's transaction, `bundle` takes it out and verifies it, with no other state.
"""
