//! Hands the function table of a later DuckDB to duckdb-neo, in the order that duckdb-neo knows.
//!
//! DuckDB's v2 C API is a struct of function pointers whose order may change with each release, and DuckDB loads a
//! file only into the release named in its footer. So scripts/package_extension.py, which writes the footer, writes
//! the same release into [`PACKAGED_FOR`]: one library serves all releases that it knows.
// Function pointers of one table are copied into another one.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_void},
    mem::MaybeUninit,
    sync::OnceLock,
};

use duckdb_neo::ffi::{duckdb_ext_api_v2, duckdb_v2_extension_handle, duckdb_v2_extension_input};

/// Functions that follow each other in both tables: the first one in DuckDB's, the first one in duckdb-neo's, how many.
type Run = (usize, usize, usize);

/// The functions that duckdb-neo knows.
const FUNCTIONS: usize = size_of::<duckdb_ext_api_v2>() / size_of::<*const c_void>();

/// Writes down the releases, and their names as a text.
macro_rules! releases {
    ($($release:literal: $runs:expr;)+) => {
        /// The functions that are the same in both tables. What is left out is null: duckdb-neo ends the process
        /// rather than call it.
        const RELEASES: &[(&str, &[Run])] = &[$(($release, $runs)),+];

        /// What scripts/package_extension.py looks for: the releases that it may write into [`PACKAGED_FOR`].
        #[used]
        static KNOWN: &str = concat!("launchpad knows DuckDB", $(" ", $release),+, ";");
    };
}

// One line for each release of extension_config/packaging.json, written by scripts/duckdb_table.py.
releases! {
    // Without duckdb_v2_parse_sql.
    "v2.0.1": &[(21, 0, 62), (84, 63, 557)];
    "v2.0.0": &[(0, 0, FUNCTIONS)];
}

/// Between the brackets scripts/package_extension.py writes the release, filled up with blanks.
#[used]
static PACKAGED_FOR: [u8; 48] = *b"launchpad is packaged for DuckDB [             ]";

const _: () = {
    let (mut line, mut run) = (0, 0);
    while line < RELEASES.len() {
        while run < RELEASES[line].1.len() {
            let (_, to, count) = RELEASES[line].1[run];
            assert!(to + count <= FUNCTIONS, "a run leaves the table of duckdb-neo");
            run += 1;
        }
        (line, run) = (line + 1, 0);
    }
};

static TABLE: OnceLock<duckdb_ext_api_v2> = OnceLock::new();

/// The runs of the release that the library is packaged for.
fn runs() -> Option<&'static [Run]> {
    // SAFETY: a static is readable. Volatile, as the compiler knows another value than the file has.
    let packaged_for = unsafe { std::ptr::from_ref(&PACKAGED_FOR).read_volatile() };
    let text = std::str::from_utf8(&packaged_for).ok()?;
    let release = text.split_once('[')?.1.trim_end_matches(']').trim_end();
    let line = RELEASES.iter().find(|(known, _)| *known == release)?;
    Some(line.1)
}

/// # Safety
/// `host` is the table of the DuckDB release that the runs are of.
unsafe fn reordered(host: *const *const c_void, runs: &[Run]) -> duckdb_ext_api_v2 {
    let mut table = MaybeUninit::<duckdb_ext_api_v2>::zeroed();
    let functions = table.as_mut_ptr().cast::<*const c_void>();
    for &(from, to, count) in runs {
        // SAFETY: both tables consist of function pointers only; the runs stay within both.
        unsafe { host.add(from).copy_to_nonoverlapping(functions.add(to), count) };
    }
    // SAFETY: every field is an optional function pointer, for which null is `None`.
    unsafe { table.assume_init() }
}

unsafe extern "C" fn get_table(_extension: duckdb_v2_extension_handle, _version: *const c_char) -> *const c_void {
    TABLE
        .get()
        .map_or(std::ptr::null(), |table| std::ptr::from_ref(table).cast())
}

/// The entrypoint DuckDB calls on `LOAD launchpad`.
///
/// # Safety
/// Only DuckDB may call this, with its own entrypoint input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn launchpad_init_c_api_v2(input: *const duckdb_v2_extension_input) {
    // SAFETY: DuckDB's own input, valid during this call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        return;
    };
    let Some(get_api) = input.get_api else {
        return;
    };
    // SAFETY: as DuckDB's header asks for it. If it refuses, it has recorded why.
    let host = unsafe { get_api(input.extension, c"v2.0.0".as_ptr()) };
    if host.is_null() {
        return;
    }
    // A library that was not packaged: DuckDB does not load it, as it has no footer.
    let Some(runs) = runs() else {
        return;
    };
    // SAFETY: DuckDB loads only what its own release is named in, and packaging names the same one in both places.
    TABLE.get_or_init(|| unsafe { reordered(host.cast(), runs) });
    let mut input = duckdb_v2_extension_input {
        get_api: Some(get_table),
        ..*input
    };
    // SAFETY: DuckDB's input but for the table.
    unsafe { crate::extension::launchpad_inner_init_c_api_v2(&mut input) };
}
