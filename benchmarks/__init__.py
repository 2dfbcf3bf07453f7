"""Rerunnable measurements, side by side with peers: `python -m benchmarks`.

One module a question, b1 to b5: `measure` returns plain numbers, `section` puts them into words. The
program is called as users call it and timed from outside; nothing in it knows of benchmarks.
"""
