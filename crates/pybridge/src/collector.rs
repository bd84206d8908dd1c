//! Python's garbage collector while an application is loaded, and afterwards.
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// What CPython starts with: 700 new containers more than were freed, from 3.13 on 2,000.
const DEFAULT_THRESHOLDS: [i64; 2] = [700, 2000];
/// Requests that wait hold their objects: with 60 of them under way in the search of `benches` the default has the
/// collector look at those for every 26th request, and find no garbage. Looking at so many takes a fraction of a
/// millisecond.
const SERVING_THRESHOLD: i64 = 5_000;

/// Runs `load` without collections, and leaves what it made out of later ones.
///
/// Modules, routes and plans stay for the life of the process: looking through them again and again while they are made
/// takes a third of the start of a large application. A threshold above zero that the application sets meanwhile is
/// kept, and so is one that was not CPython's own before; `gc.disable()` is kept in any case.
///
/// # Errors
/// What the module `gc` raises, which only exhausted memory makes it do.
pub(crate) fn paused<T>(py: Python<'_>, load: impl FnOnce() -> T) -> PyResult<T> {
    let collector = py.import("gc")?;
    let thresholds = || {
        collector
            .call_method0("get_threshold")?
            .cast_into::<PyTuple>()
            .map_err(PyErr::from)
    };
    let before = thresholds()?;
    collector.call_method1("set_threshold", (0,))?;
    let loaded = load();
    if thresholds()?.get_item(0)?.extract::<i64>()? == 0 {
        collector.call_method1("set_threshold", &before)?;
        if DEFAULT_THRESHOLDS.contains(&before.get_item(0)?.extract()?) {
            collector.call_method1("set_threshold", (SERVING_THRESHOLD,))?;
        }
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
    fn the_threshold_is_zero_meanwhile_and_serves_afterwards() {
        Python::initialize();
        Python::attach(|py| {
            let before = threshold(py);
            assert!(DEFAULT_THRESHOLDS.contains(&before[0]), "{before:?}");
            assert_eq!(paused(py, || threshold(py)[0]).unwrap(), 0);
            assert_eq!(threshold(py)[0], SERVING_THRESHOLD);
            assert_eq!(threshold(py)[1..], before[1..]);
            let set = |first: i64| {
                py.import("gc")
                    .unwrap()
                    .call_method1("set_threshold", (first,))
                    .map(drop)
            };
            for chosen in [0, 1, 800, SERVING_THRESHOLD, 100_000] {
                set(chosen).unwrap();
                paused(py, || {}).unwrap();
                assert_eq!(threshold(py)[0], chosen, "chosen before");
                set(before[0]).unwrap();
                paused(py, || set(chosen.max(1))).unwrap().unwrap();
                assert_eq!(threshold(py)[0], chosen.max(1), "chosen meanwhile");
            }
            set(before[0]).unwrap();
        });
    }
}
