"""Python 2, as far as learners' networks use it, turned into Python 3 without moving a line."""

import io
import re
import tokenize
from collections.abc import Iterator
from tokenize import TokenInfo

#: Names that Python 3 spells otherwise. What only Python 2 knows shows a program that is written for it.
NAMES = {
    "xrange": "range", "raw_input": "input", "cPickle": "pickle", "iteritems": "items", "itervalues": "values",
    "iterkeys": "keys", "unicode": "str", "izip": "zip",
}  # fmt: skip
LISTS = {"zip", "map", "filter"}  # which gave lists
ONLY_THERE = re.compile(r"\b(xrange|raw_input|cPickle)\b|\.(iteritems|itervalues|iterkeys)\(\)")

Edit = tuple[tuple[int, int], tuple[int, int], str]


def is_python2(text: str) -> bool:
    """Whether it uses a name that Python 3 does not have. Whatever else it is, converting it does no harm."""
    return ONLY_THERE.search(text) is not None


def converted(text: str) -> str:
    """The same lines as Python 3; the text as it is where its parts cannot even be told apart."""
    text = re.sub(r"^[ \t]+", lambda found: found[0].expandtabs(8), text, flags=re.MULTILINE)
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type != tokenize.NL]
    except (SyntaxError, tokenize.TokenError):
        return text
    edits = [edit for statement in _statements(tokens) for edit in _statement_edits(statement)]
    edits += _name_edits(tokens)
    lines = text.splitlines(keepends=True)
    for (row, start), (end_row, end), new in sorted(edits, reverse=True):
        if row == end_row:
            line = lines[row - 1]
            lines[row - 1] = line[:start] + new + line[end:]
    return "".join(lines)


def _statements(tokens: list[TokenInfo]) -> Iterator[list[TokenInfo]]:
    """The simple statements, and the headers of the compound ones with their colon."""
    statement: list[TokenInfo] = []
    depth = 0
    for token in tokens:
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT):
            continue
        depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
        ends = token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or (depth == 0 and token.string == ";")
        if not ends:
            statement.append(token)
        if statement and (ends or (depth == 0 and token.string == ":")):
            yield statement
            statement = []


def _statement_edits(statement: list[TokenInfo]) -> Iterator[Edit]:
    first, last = statement[0], statement[-1]
    commas = list(_commas(statement))
    if first.string == "print" and len(statement) > 1 and statement[1].string not in {"=", "."}:
        yield from _print_edits(statement, commas)
    elif first.string == "except" and last.string == ":" and commas:
        yield commas[-1].start, commas[-1].end, " as"
    elif first.string == "raise" and commas:  # raise ValueError, "no"
        yield commas[0].start, commas[0].end, "("
        yield last.end, last.end, ")"


def _print_edits(statement: list[TokenInfo], commas: list[TokenInfo]) -> Iterator[Edit]:
    first, last = statement[0], statement[-1]
    if statement[1].string == "(" and _closes(statement, 1) == len(statement) - 1:
        return  # it is a call already
    begin, end = statement[1].start, ")"
    if statement[1].string == ">>" and commas:  # print >>file, x
        target = f"{statement[2].line[statement[2].start[1] : commas[0].start[1]]}"
        begin, end = commas[0].end, f", file={target})"
    if last.string == ",":  # print x,
        yield last.start, last.end, ', end=" ")'
    else:
        yield last.end, last.end, end
    yield first.end, begin, "("


def _commas(statement: list[TokenInfo]) -> Iterator[TokenInfo]:
    """The commas that are in no brackets."""
    depth = 0
    for token in statement:
        depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
        if depth == 0 and token.string == ",":
            yield token


def _closes(tokens: list[TokenInfo], opening: int) -> int:
    """Where the bracket that opens there is closed."""
    depth = 0
    for n in range(opening, len(tokens)):
        depth += (tokens[n].string in {"(", "[", "{"}) - (tokens[n].string in {")", "]", "}"})
        if depth == 0:
            return n
    return len(tokens) - 1


def _name_edits(tokens: list[TokenInfo]) -> list[Edit]:
    edits: list[Edit] = []
    for n, token in enumerate(tokens[:-1]):
        after, before = tokens[n + 1], tokens[n - 1].string if n else ""
        name = NAMES.get(token.string, token.string) if token.type == tokenize.NAME else ""
        if name and name != token.string:
            edits.append((token.start, token.end, name))
        if name in LISTS and after.string == "(" and before not in {".", "def"}:
            edits.append((token.start, token.start, "list("))
            end = tokens[_closes(tokens, n + 1)].end
            edits.append((end, end, ")"))
        if token.string == "<" and after.string == ">" and token.end == after.start:
            edits.append((token.start, after.end, "!="))
        elif token.string == "<>":
            edits.append((token.start, token.end, "!="))
    return edits
