"""Do the three train alike? Their curves side by side, and the differences, which equal curves hide, below them."""
