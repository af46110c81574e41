"""Is each parameter's gradient right, and where not, which line made it wrong?"""
