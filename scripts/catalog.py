"""What duckdb_functions() says about the functions of the extension.

The descriptions have the format written by src/functions/documentation.rs.
"""

import dataclasses
import pathlib
import re

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Not the copies that a public macro has of inner ones, such as __launch_sales__launch_clean.
NAME = re.compile(r"^(__)?launch(_[a-z0-9]+)+$")


@dataclasses.dataclass
class Field:
    """A parameter or an output column."""

    name: str
    sql_type: str
    default: str | None
    text: str


@dataclasses.dataclass
class Function:
    name: str
    kind: str
    description: str
    category: str
    examples: list[str]
    catalog_types: dict[str, str | None]
    catalog_return: str | None
    parameters: list[Field]
    columns: list[Field]
    returns: Field | None

    @property
    def summary(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", self.description, maxsplit=1)[0]

    @property
    def signature(self) -> str:
        arguments = [f.name if f.default is None else f"{f.name} := {f.default}" for f in self.parameters]
        return f"{self.name}({', '.join(arguments)})"


def connect(extension: str) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(config={"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"})
    database.execute(f"LOAD '{pathlib.Path(extension).resolve()}'")
    return database


def functions(database: duckdb.DuckDBPyConnection) -> list[Function]:
    """All functions of the extension, by category and name."""
    rows = database.execute(
        """
        SELECT function_name, any_value(function_type), coalesce(any_value(description), ''),
               coalesce(any_value(categories)[1], ''), coalesce(any_value(examples), []),
               any_value(parameters), any_value(parameter_types), any_value(return_type)
        FROM duckdb_functions()
        WHERE starts_with(function_name, 'launch_') OR starts_with(function_name, '__launch_')
        GROUP BY function_name
        """
    ).fetchall()
    found = [_function(*row) for row in rows if NAME.match(row[0])]
    return sorted(found, key=lambda function: (function.category, function.name))


def _function(name, function_type, text, category, examples, parameters, types, return_type) -> Function:
    catalog_types = dict(zip(parameters or [], types or [], strict=True))
    function = Function(
        name, function_type.replace("_", " "), "", category, examples, catalog_types, return_type, [], [], None
    )
    lines = text.splitlines()
    section = None
    description = []
    for line in lines:
        if line == "Parameters:":
            section = function.parameters
        elif line == "Columns:":
            section = function.columns
        elif line.startswith("Returns "):
            sql_type, _, what = line.removeprefix("Returns ").partition(": ")
            function.returns = Field("", sql_type, None, what)
        elif section is not None and line.startswith("- "):
            section.append(_field(line.removeprefix("- ")))
        else:
            description.append(line)
    function.description = " ".join(description)
    return function


def _field(line: str) -> Field:
    head, _, text = line.partition(": ")
    head, _, default = head.partition(" = ")
    name, _, sql_type = head.partition(" ")
    return Field(name, sql_type, default or None, text)
