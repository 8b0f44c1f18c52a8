"""`greenroom rehearse --script`: a conversation that plays itself, and the ways to show it."""
