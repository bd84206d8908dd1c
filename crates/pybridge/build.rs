//! Tells the crate which Python it is built for.

fn main() {
    let config = pyo3_build_config::get();
    println!("cargo:rustc-env=FASTRAPI_PYTHON_VERSION={}", config.version());
    println!(
        "cargo:rustc-env=FASTRAPI_BUILD_PYTHON={}",
        config.executable().unwrap_or_default()
    );
}
