//! Python's garbage collector while an application is loaded.
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Runs `load` without collections, and leaves what it made out of later ones.
///
/// Modules, routes and plans stay for the life of the process: looking through them again and again while they are made
/// takes a third of the start of a large application. A threshold that the application sets meanwhile is kept.
///
/// # Errors
/// What the module `gc` raises, which only exhausted memory makes it do.
pub(crate) fn paused<T>(py: Python<'_>, load: impl FnOnce() -> T) -> PyResult<T> {
    let collector = py.import("gc")?;
    let before = collector.call_method0("get_threshold")?.cast_into::<PyTuple>()?;
    collector.call_method1("set_threshold", (0,))?;
    let loaded = load();
    let first: i64 = collector.call_method0("get_threshold")?.get_item(0)?.extract()?;
    if first == 0 {
        collector.call_method1("set_threshold", before)?;
    }
    collector.call_method0("freeze")?;
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(py: Python<'_>) -> Vec<i64> {
        py.import("gc")
            .unwrap()
            .call_method0("get_threshold")
            .unwrap()
            .extract()
            .unwrap()
    }

    #[test]
    fn the_threshold_is_zero_meanwhile_and_the_old_one_afterwards() {
        Python::initialize();
        Python::attach(|py| {
            let before = threshold(py);
            assert_eq!(paused(py, || threshold(py)[0]).unwrap(), 0);
            assert_eq!(threshold(py), before);
            let set = |first: i64| {
                py.import("gc")
                    .unwrap()
                    .call_method1("set_threshold", (first,))
                    .map(drop)
            };
            paused(py, || set(5000)).unwrap().unwrap();
            assert_eq!(threshold(py)[0], 5000);
            set(before[0]).unwrap();
        });
    }
}
