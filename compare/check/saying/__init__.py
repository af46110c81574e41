"""What was found, in the learner's own words: names, lines, and what a mistake is called."""
