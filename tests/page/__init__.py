"""The page of phones, in a real browser."""
