"""The chapter's loop, taken at its word: the closer look of `curves --preset chapter`."""
