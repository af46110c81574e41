"""What was found, in the learner's own words: names, lines, and what a mistake is called.

`signatures/` are the mistakes that have a name, and how each shows in the numbers; `diagnoses.py` puts a fault into
words by them. `source.py` reads the learner's lines, `names.py` what they call a value, `mended.py` how a line could
read; `unseen.py` and `unused.py` note what was not judged.
"""
