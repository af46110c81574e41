"""What all tests share: property-based tests draw the same examples every time and are not timed."""

from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
