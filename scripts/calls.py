"""Reads and changes the calls in the examples of functions."""

import re

import catalog

STATEMENTS = ("SELECT", "FROM", "WITH", "COPY", "EXECUTE", "PREPARE", "CREATE")
OPENING, CLOSING = "([{", ")]}"


def query(example: str) -> str:
    """The query of an example: without the CREATE TABLE around it; a lone expression becomes a SELECT."""
    example = re.sub(r"^CREATE\s.*?\sAS\s+(?=FROM|SELECT|WITH)", "", example, count=1, flags=re.DOTALL)
    return example if example.upper().startswith(STATEMENTS) else f"SELECT {example}"


def arguments(sql: str, name: str) -> tuple[list[str], int] | None:
    """The arguments of the last call of a function outside of texts, and the place of its closing parenthesis."""
    starts = [match.end() for match in re.finditer(rf"(?<!\w){re.escape(name)}\(", sql)]
    for start in reversed(starts):
        if sql[:start].count("'") % 2 == 0:
            return _split(sql, start)
    return None


def _split(sql: str, start: int) -> tuple[list[str], int]:
    found, depth, quoted, begin = [], 0, False, start
    for place in range(start, len(sql)):
        character = sql[place]
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in OPENING:
            depth += 1
        elif character in CLOSING and depth == 0:
            last = sql[begin:place].strip()
            return found + ([last] if last else []), place
        elif character in CLOSING:
            depth -= 1
        elif character == "," and depth == 0:
            found.append(sql[begin:place].strip())
            begin = place + 1
    raise ValueError(f"a call is not closed: {sql}")


def with_defaults(sql: str, function: catalog.Function) -> str | None:
    """The same query with all defaults of the function written out; None when there are none to write."""
    call = arguments(sql, function.name)
    if call is None:
        return None
    given, end = call
    named = {match[1].strip('"').lower() for match in (re.match(r'^("?\w+"?)\s*:=', text) for text in given) if match}
    positional = len(given) - len(named)
    missing = [
        field
        for place, field in enumerate(function.parameters)
        if field.default is not None and place >= positional and field.name.lower() not in named
    ]
    if not missing:
        return None
    written = ", ".join(f'"{field.name}" := {field.default}' for field in missing)
    return f"{sql[:end]}{', ' if given else ''}{written}{sql[end:]}"


def shows_all(sql: str, name: str) -> bool:
    """Whether the query ends in FROM and a call of the function, perhaps with a WHERE: it shows all columns."""
    call = arguments(sql, name)
    if call is None:
        return False
    before = sql[: sql.rindex(f"{name}(", 0, call[1])]
    return re.search(r"(?:^|\)\s*)FROM\s+$", before) is not None and not re.search(r"GROUP BY", sql[call[1] :])
