"""What experiments share: batches, tables, the recorded graphs, timing."""
