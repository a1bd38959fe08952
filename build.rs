//! Lists the macros under `sql/`, so that adding one is adding a file.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=sql");
    println!("cargo::rerun-if-changed=build.rs");
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
