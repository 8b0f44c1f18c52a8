"""`make secrecy`: what somebody might try who wants to know, how often it was tried, how often anything got through.

To add a trial: write a function `f(place: Place, count: int) -> Iterator[Outcome]` (or an async generator) in a room of
this package, and give it a row in tests/secrecy/__main__.py. It yields one Outcome whenever it has tried something;
what it raises counts as got through. Put the same function with a small count into a test_….py beside it, so that the
suite runs a little of it:

    assert_nothing_through(some_trial(place, 2))

`place` gives a fresh migrated database (`place.url`), an empty folder, and a seed.
"""
