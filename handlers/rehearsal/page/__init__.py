"""The page of phones: a whole line on one laptop, in as many browsers as look at it."""
