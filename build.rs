//! Lists the macros under `sql/`, so that adding one is adding a file, and names the DuckDB release to build for.

use std::{env, error::Error, fs, path::Path, process::exit};

#[path = "src/header.rs"]
mod header;
#[path = "src/macro_files/mod.rs"]
mod macro_files;

/// The releases of DuckDB that are supported, the newest first: it is the default.
const PACKAGING: &str = "extension_config/packaging.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=sql");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/macro_files");
    println!("cargo::rerun-if-changed=src/header.rs");
    println!("cargo::rerun-if-changed={PACKAGING}");
    println!("cargo::rerun-if-env-changed=LAUNCHPAD_DUCKDB");
    let root = env::var("CARGO_MANIFEST_DIR")?;
    if env::var_os("CARGO_FEATURE_DUCKDB").is_some() {
        let packaging = fs::read_to_string(Path::new(&root).join(PACKAGING))?;
        let asked = env::var("LAUNCHPAD_DUCKDB").ok().filter(|asked| !asked.is_empty());
        match release(&packaging, asked) {
            Ok(release) => println!("cargo::rustc-env=LAUNCHPAD_DUCKDB={release}"),
            Err(reason) => {
                println!("cargo::error={reason}");
                exit(1);
            }
        }
    }
    let mut files = Vec::new();
    for family in entries(&Path::new(&root).join("sql")).unwrap_or_default() {
        let Ok(names) = entries(&Path::new(&root).join("sql").join(&family)) else {
            continue;
        };
        let names = names.into_iter().filter(|name| name.ends_with(".sql"));
        files.extend(names.map(|name| format!("sql/{family}/{name}")));
    }
    // The order of registration must not depend on the file system. Internal helpers come first.
    files.sort_by_key(|path| (!path.starts_with("sql/internal/"), path.clone()));
    let mut sources = Vec::new();
    for path in files {
        let source = fs::read_to_string(Path::new(&root).join(&path))?;
        sources.push((path, source));
    }
    let list = match macro_files::list(&sources) {
        Ok(list) => list,
        Err(mistake) => {
            println!("cargo::error={mistake}");
            exit(1);
        }
    };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("macro_files.rs"), list)?;
    Ok(())
}

/// The release asked for, or else the first one that is supported.
fn release(packaging: &str, asked: Option<String>) -> Result<String, String> {
    let list = packaging
        .split_once("\"duckdb_releases\"")
        .and_then(|(_, rest)| rest.split_once('['))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    let supported: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let Some(newest) = supported.first() else {
        return Err(format!("{PACKAGING} has no list duckdb_releases, such as [\"v2.0.1\"]"));
    };
    match asked {
        None => Ok((*newest).to_owned()),
        Some(asked) if supported.contains(&asked.as_str()) => Ok(asked),
        Some(asked) => Err(format!(
            "launchpad cannot be built for DuckDB {asked} (LAUNCHPAD_DUCKDB), only for {}: \
             CONTRIBUTING.md says how to add a release",
            supported.join(", ")
        )),
    }
}

/// The names in a folder.
fn entries(folder: &Path) -> std::io::Result<Vec<String>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
