"""Harmless stand-ins of our own making: a listed pump, unlisted things, and files of both in many guises."""
