//! Lists the macros under `sql/`, so that adding one is adding a file, and names the DuckDB to build for.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=sql");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=extension_config/packaging.json");
    println!("cargo::rerun-if-env-changed=LAUNCHPAD_DUCKDB");
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let packaging = fs::read_to_string(Path::new(&root).join("extension_config/packaging.json"))?;
    let declared = packaging.split('"').skip_while(|text| *text != "duckdb_version").nth(2);
    let duckdb = env::var("LAUNCHPAD_DUCKDB").ok().or(declared.map(str::to_owned));
    println!(
        "cargo::rustc-env=LAUNCHPAD_DUCKDB={}",
        duckdb.ok_or("extension_config/packaging.json has no duckdb_version")?
    );
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
    let mut list = String::from("&[\n");
    for path in files {
        writeln!(
            list,
            "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{path}\"))),"
        )?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("macro_files.rs"), list)?;
    Ok(())
}

/// The names in a folder.
fn entries(folder: &Path) -> std::io::Result<Vec<String>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
