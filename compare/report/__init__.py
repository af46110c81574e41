"""The report: one page, whole in one file, that shows what a command found.

`page.py` fills the template and keeps earlier reports; `run_page.py` gathers what the main job has to show, with
`chart.py`, `sources.py` and `digits.py` for its parts; `collected.py` finds what other commands left next to it.
"""
