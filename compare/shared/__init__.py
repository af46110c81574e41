"""What the questions share: the data, the contract, the training loop, and how results are shown and kept."""
