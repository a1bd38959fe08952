//! Runs `tests/sql/<family>/<name>.test` against the packaged extension, each file in a fresh in-memory DuckDB
//! (tests/support/session.py forks one for it).
//!
//! The format is that of DuckDB's own tests. An error is expected as a part of the message, or as `<REGEX>:pattern`;
//! `__TEST_DIR__` stands for an empty folder that is removed afterwards. `make test_sql ONLY=<text>` runs one file.
//! The extension and the Python with its release of DuckDB are those that the Makefile names in the environment, else
//! those of the newest release.

use std::{
    env,
    error::Error,
    fmt, fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, ExitCode, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::{Deserialize, Serialize};
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner};

#[derive(Serialize)]
struct Request<'a> {
    connection: usize,
    sql: &'a str,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed { error: String },
    Rows { columns: usize, rows: Vec<Vec<String>> },
}

#[derive(Debug)]
struct SqlError(String);

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for SqlError {}

impl From<std::io::Error> for SqlError {
    fn from(error: std::io::Error) -> Self {
        SqlError(format!("the DuckDB process cannot be reached: {error}"))
    }
}

impl From<serde_json::Error> for SqlError {
    fn from(error: serde_json::Error) -> Self {
        SqlError(format!("the DuckDB process gave no valid answer: {error}"))
    }
}

/// The process that gives each test file a database of its own; it ends with its standard input.
struct Server {
    socket: PathBuf,
    _input: ChildStdin,
}

impl Server {
    /// The one server of all test files, started by the first of them.
    fn running() -> Result<&'static Self, SqlError> {
        static SERVER: OnceLock<Result<Server, SqlError>> = OnceLock::new();
        let server = SERVER.get_or_init(Self::start).as_ref();
        server.map_err(|error| SqlError(error.0.clone()))
    }

    fn start() -> Result<Self, SqlError> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let named = |variable: &str, newest: &str| root.join(env::var(variable).unwrap_or_else(|_| newest.to_owned()));
        let python = named("LAUNCHPAD_PYTHON", ".venv/bin/python");
        let extension = named("LAUNCHPAD_EXTENSION", "build/release/launchpad.duckdb_extension");
        for needed in [&python, &extension] {
            if !needed.exists() {
                return Err(SqlError(format!(
                    "{} is missing: run make configure release",
                    needed.display()
                )));
            }
        }
        let socket = env::temp_dir().join(format!("launchpad_{}.socket", std::process::id()));
        let mut process = Command::new(python)
            .arg(root.join("tests/support/session.py"))
            .arg(extension)
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(mut output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(SqlError("the DuckDB process has no pipes".into()));
        };
        let mut ready = [0; 6];
        output.read_exact(&mut ready)?;
        Ok(Server { socket, _input: input })
    }
}

/// The database of one test file.
struct Session {
    stream: BufReader<UnixStream>,
    connections: usize,
}

impl Session {
    fn start() -> Result<Self, SqlError> {
        let stream = UnixStream::connect(&Server::running()?.socket)?;
        Ok(Session {
            stream: BufReader::new(stream),
            connections: 0,
        })
    }

    fn ask(&mut self, connection: usize, sql: &str) -> Result<Answer, SqlError> {
        let mut request = serde_json::to_vec(&Request { connection, sql })?;
        request.push(b'\n');
        self.stream.get_mut().write_all(&request)?;
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(SqlError("the DuckDB process died".into()));
        }
        Ok(serde_json::from_str(&line)?)
    }
}

/// One connection; `connection <name>` lines of a test open more of them on the same database.
struct Connection {
    session: Arc<Mutex<Session>>,
    number: usize,
}

impl Connection {
    fn open(session: &Arc<Mutex<Session>>) -> Self {
        let mut locked = session.lock().unwrap_or_else(PoisonError::into_inner);
        locked.connections += 1;
        Connection {
            session: Arc::clone(session),
            number: locked.connections,
        }
    }
}

impl DB for Connection {
    type Error = SqlError;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, SqlError> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match session.ask(self.number, sql)? {
            Answer::Failed { error } => Err(SqlError(error)),
            Answer::Rows { columns, rows } => Ok(DBOutput::Rows {
                types: vec![DefaultColumnType::Any; columns],
                rows,
            }),
        }
    }

    fn engine_name(&self) -> &str {
        "duckdb"
    }
}

/// Turns a test in DuckDB's dialect into the dialect of the runner, line by line, so that line numbers stay.
fn translate(script: &str, test_dir: &str) -> String {
    let mut lines: Vec<String> = script
        .lines()
        .map(|line| line.replace("__TEST_DIR__", test_dir))
        .collect();
    for record in lines.split_mut(|line| line.trim().is_empty()) {
        // Comments, `connection` and the like may stand above the head of a record.
        let head = record
            .iter()
            .position(|line| line.starts_with("statement") || line.starts_with("query"));
        for line in record.iter_mut().filter(|line| line.starts_with("require ")) {
            // Which extensions to load is for DuckDB's own runner.
            line.clear();
        }
        let dashes = record.iter().position(|line| line == "----");
        let (Some(head), Some(dashes)) = (head, dashes) else {
            continue;
        };
        let (above, expected) = record.split_at_mut(dashes);
        let head = &mut above[head];
        if matches!(head.trim_end(), "statement error" | "query error") {
            *head = format!("{} {}", head.trim_end(), pattern(&expected[1..].join(" ")));
            expected.iter_mut().for_each(String::clear);
        } else {
            if head.contains(" rowsort") {
                // The runner sorts the actual rows only.
                expected[1..].sort_by(|a, b| a.split('\t').cmp(b.split('\t')));
            }
            // The runner shows rows with spaces between the columns.
            expected.iter_mut().for_each(|line| *line = line.replace('\t', " "));
        }
    }
    lines.join("\n") + "\n"
}

/// The regular expression, on one line, that finds an expected message.
fn pattern(message: &str) -> String {
    match message.trim().strip_prefix("<REGEX>:") {
        Some(pattern) => pattern.to_owned(),
        None => message
            .split_whitespace()
            .map(regex::escape)
            .collect::<Vec<_>>()
            .join(r"\s+"),
    }
}

fn run_file(path: &Path, name: &str) -> Result<(), Failed> {
    let test_dir = env::temp_dir().join(format!("launchpad_{}_{}", std::process::id(), name.replace('/', "_")));
    fs::create_dir_all(&test_dir)?;
    let script = translate(&fs::read_to_string(path)?, &test_dir.to_string_lossy());
    let session = Arc::new(Mutex::new(Session::start()?));
    let mut runner = Runner::new(|| {
        let connection = Connection::open(&session);
        async { Ok(connection) }
    });
    runner.with_column_validator(|actual, expected| actual.len() == expected.len());
    let outcome = runner.run_script_with_name(&script, format!("tests/sql/{name}.test"));
    drop(runner);
    fs::remove_dir_all(&test_dir)?;
    outcome.map_err(|error| Failed::from(error.display(false).to_string()))
}

fn test_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(test_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "test") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let mut trials = Vec::new();
    for path in test_files(&folder)? {
        let name = path
            .strip_prefix(&folder)?
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        trials.push(Trial::test(name.clone(), move || run_file(&path, &name)));
    }
    Ok(libtest_mimic::run(&Arguments::from_args(), trials).exit_code())
}
