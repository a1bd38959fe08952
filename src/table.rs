//! Hands the function table of a later DuckDB to duckdb-neo, in the order that duckdb-neo knows.
//!
//! DuckDB's v2 C API is a struct of function pointers whose order may change with each release, and DuckDB loads a
//! file only into the release named in its footer. So the release is chosen when building (build.rs), and
//! scripts/package_extension.py writes no other release into the footer.
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

/// The functions that are the same in both: one line for each release of extension_config/packaging.json, written by
/// scripts/duckdb_table.py. What is left out is null: duckdb-neo ends the process rather than call it.
const RUNS: &[Run] = match env!("LAUNCHPAD_DUCKDB").as_bytes() {
    b"v2.0.0" => &[(0, 0, FUNCTIONS)],
    // Without duckdb_v2_parse_sql.
    b"v2.0.1" => &[(21, 0, 62), (84, 63, 557)],
    _ => panic!("RUNS has no line for this release of DuckDB: CONTRIBUTING.md says how to add one"),
};

/// What scripts/package_extension.py looks for in the library.
#[used]
static BUILT_FOR: &str = concat!("launchpad is built for DuckDB ", env!("LAUNCHPAD_DUCKDB"), ";");

const _: () = {
    let mut run = 0;
    while run < RUNS.len() {
        assert!(
            RUNS[run].1 + RUNS[run].2 <= FUNCTIONS,
            "a run leaves the table of duckdb-neo"
        );
        run += 1;
    }
};

static TABLE: OnceLock<duckdb_ext_api_v2> = OnceLock::new();

/// # Safety
/// `host` is the table of the DuckDB release that this library is built for.
unsafe fn reordered(host: *const *const c_void) -> duckdb_ext_api_v2 {
    let mut table = MaybeUninit::<duckdb_ext_api_v2>::zeroed();
    let functions = table.as_mut_ptr().cast::<*const c_void>();
    for &(from, to, count) in RUNS {
        // SAFETY: both tables consist of function pointers only; `RUNS` stays within both.
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
    // SAFETY: DuckDB loads only what its own release is named in, and packaging only names the release built for.
    TABLE.get_or_init(|| unsafe { reordered(host.cast()) });
    let mut input = duckdb_v2_extension_input {
        get_api: Some(get_table),
        ..*input
    };
    // SAFETY: DuckDB's input but for the table.
    unsafe { crate::extension::launchpad_inner_init_c_api_v2(&mut input) };
}
