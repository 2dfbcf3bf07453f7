"""The case: attributed statements about items, people, accounts, parcels and places, and what they add up to."""
