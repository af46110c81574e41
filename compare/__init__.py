"""The harness: the only room that knows all three implementations. One file per question it answers."""
