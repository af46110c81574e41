"""The report: one page, whole in one file, that shows what a command found.

`page.py` fills a template with its parts, and keeps earlier pages; `writing.py` picks the page that an answer gets:
`answer_page.py` is that of a command without one of its own. `chart.py`, `sources.py`, `digits.py` and `tiles.py` are
parts; `collected.py` finds what other commands left next to it.
"""
