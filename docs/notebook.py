"""bridge.md as a notebook, bridge.ipynb: the same text, with each command a cell to run, and its figures under it.

python docs/notebook.py writes it beside the text; `make notebook` does so, and opens it.
"""

import re
from pathlib import Path

import jupytext
import nbformat

TEXT = Path(__file__).with_name("bridge.md")
NOTEBOOK = TEXT.with_suffix(".ipynb")

BEGIN = '''\
```python
import os
import sys
import time
from pathlib import Path

from IPython.display import Image, display

if Path.cwd().name == "docs":
    os.chdir("..")  # where the commands are run
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
os.environ["TTY_COMPATIBLE"] = "0"  # no progress bars, which would fill the page
seen = time.time()


def figures():
    """Show the pictures that the command has just left in results/."""
    global seen
    for picture in sorted(Path("results").rglob("*.png")):
        if picture.stat().st_mtime >= seen:
            display(Image(picture, alt=f"The figure {picture.name}, which the text above tells of"))
    seen = time.time()
```
'''


def notebook(text: str) -> nbformat.NotebookNode:
    """The notebook of a walk.

    Every block ```console outside of what is folded away becomes a cell for each of its commands, tagged with the word
    after `console` (slow, whole, long), and below them, as text, what the walk says that they print. Blocks ```python,
    to be typed in, are cells as they stand.
    """
    pieces = re.split(r"(^<details>.*?^</details>$)", text, flags=re.MULTILINE | re.DOTALL)
    folded = [piece if piece.startswith("<details>") else _with_cells(piece) for piece in pieces]
    title, rest = "".join(folded).split("\n", 1)
    made = jupytext.reads(f"{title}\n\n{BEGIN}{rest}", fmt={"extension": ".md", "format_name": "markdown"})
    made.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"  # the same each time, so that the same text gives the same file
    return made


def _with_cells(text: str) -> str:
    def cells(block: re.Match[str]) -> str:
        kind, lines = block[1], block[2].splitlines()
        tags = f' tags=["{kind}"]' if kind else ""
        commands = [line[2:] for line in lines if line.startswith("$ ")]
        printed = [line for line in lines if not line.startswith("$ ")]
        code = "".join(f"```python{tags}\n!{command}\nfigures()\n```\n\n" for command in commands)
        return code + ("Among what it prints:\n\n" + "\n".join(["```text", *printed, "```"]) if printed else "")

    return re.sub(r"^```console ?(\w*)\n(.*?)^```$", cells, text, flags=re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    nbformat.write(notebook(TEXT.read_text(encoding="utf-8")), NOTEBOOK)
