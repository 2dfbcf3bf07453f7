"""Helpers of the toolpath's tests are found by name."""
