"""A seeded simulator of traffic: what thousands of customers order, and a few sellers who split a design."""
