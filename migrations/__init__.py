"""The steps by which the schema grew; storage/schema runs them."""
