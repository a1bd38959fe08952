//! Lists the macros under `sql/`, so that adding one is adding a file.

use std::{env, error::Error, fs, path::Path, process::exit};

#[path = "src/header.rs"]
mod header;
#[path = "src/macro_files/mod.rs"]
mod macro_files;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=sql");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/macro_files");
    println!("cargo::rerun-if-changed=src/header.rs");
    let root = env::var("CARGO_MANIFEST_DIR")?;
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

/// The names in a folder.
fn entries(folder: &Path) -> std::io::Result<Vec<String>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
