"""What frameworks hide, one measured experiment each: `catalogue` lists them, `experiment` says what one is."""
