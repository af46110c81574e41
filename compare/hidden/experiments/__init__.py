"""The experiments, one a file, and the processes that some of them start."""
