"""The case: attributed statements about items, people, accounts, parcels, and what they add up to."""
