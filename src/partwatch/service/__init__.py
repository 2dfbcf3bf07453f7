"""The service: submissions over HTTP, screened at a desk, held for people, kept apart by customer."""
