"""What an experiment is, and which there are."""
