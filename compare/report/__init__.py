"""The report: one page, whole in one file, that shows what a command found.

`page.py` is a page of a template and its parts, `writing.py` writes it and keeps earlier ones; `answer_page.py` is that
of a command without a page of its own. For those that have one `chart.py`, `sources.py`, `digits.py` and `tiles.py` are
the parts; `collected.py` finds what other commands left next to it.
"""
