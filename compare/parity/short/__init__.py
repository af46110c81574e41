"""PyTorch under autocast, its products in bfloat16: one batch, line by line, against what these roundings can do."""
