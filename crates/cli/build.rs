//! What the program is made of beyond its Rust code: libpython, the carried Python modules, and all licences. `make
//! build` names them; without it the binary needs the Python that it was built with.

// A build that cannot go on can only say why and stop.
#![allow(clippy::expect_used)]

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-env-changed=FASTRAPI_LINK_ARGS");
    if let Some(list) = env::var_os("FASTRAPI_LINK_ARGS").map(PathBuf::from) {
        println!("cargo:rerun-if-changed={}", list.display());
        let arguments =
            fs::read_to_string(&list).expect("the file that FASTRAPI_LINK_ARGS names is readable");
        for argument in arguments.lines() {
            println!("cargo:rustc-link-arg-bins={argument}");
        }
    }

    include("FASTRAPI_CARRIED");
    include("FASTRAPI_LICENSES");
}

/// Lets the code include the file that `variable` names, as `<variable>_FILE`; an empty one if it names none.
fn include(variable: &str) {
    println!("cargo:rerun-if-env-changed={variable}");
    let file = env::var(variable).unwrap_or_else(|_| {
        let nothing = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("nothing");
        fs::write(&nothing, []).expect("OUT_DIR is writable");
        nothing.to_str().expect("OUT_DIR is UTF-8").to_owned()
    });
    println!("cargo:rustc-env={variable}_FILE={file}");
}
