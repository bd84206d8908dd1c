//! What the steps of the direct lane cost: parameters, call, answer, JSON.
//!
//! The interpreter needs `PYTHONPATH=py` and an environment's packages in it; `make micro` sets both.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderValue, Method, header};
use pybridge::direct::{
    Answer, Classes, Found, Input, Plan, PlanTable, answer, arguments, call, finish_step,
};
use pybridge::json::encode;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;

const SOURCE: &str = concat!(
    include_str!("../../../benches/apps/counted.py"),
    include_str!("application.py")
);
const ORDER: &[u8] = br#"{"order_id":7,"customer":{"name":"Ada Lovelace","city":"London"},"lines":[{"sku":"SKU-1",
"quantity":2,"unit_price":19.75,"tags":["brass","gear"]},{"sku":"SKU-2","quantity":1,"unit_price":3.5,"tags":[]}]}"#;

struct World {
    module: Py<PyModule>,
    table: PlanTable,
    classes: Classes,
}

fn main() {
    Python::initialize();
    divan::main();
}

fn world(py: Python<'_>) -> &'static World {
    static WORLD: PyOnceLock<World> = PyOnceLock::new();
    WORLD.get_or_init(py, || {
        let source = std::ffi::CString::new(SOURCE).unwrap();
        let module = PyModule::from_code(py, &source, c"application.py", c"application")
            .expect("fastrapi and pydantic are importable: make micro");
        World {
            table: PlanTable::read(&module.getattr("plan").unwrap()).unwrap(),
            classes: Classes::import(py).unwrap(),
            module: module.unbind(),
        }
    })
}

struct Request {
    method: Method,
    path: &'static str,
    query: &'static str,
    headers: HeaderMap,
    body: Bytes,
}

fn get(path: &'static str, query: &'static str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    Request {
        method: Method::GET,
        path,
        query,
        headers,
        body: Bytes::new(),
    }
}

fn items() -> Request {
    get("/items/4711", "q=term42&limit=7")
}

fn order() -> Request {
    let mut request = get("/orders", "");
    request.method = Method::POST;
    request
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.body = Bytes::from_static(ORDER);
    request
}

fn secure() -> Request {
    let mut request = get("/secure", "");
    request.headers.insert(
        header::AUTHORIZATION,
        HeaderValue::from_static("Bearer secret-token"),
    );
    request
}

/// The plan, and the values of its path parameters.
fn find<'t>(table: &'t PlanTable, request: &'t Request) -> (&'t Plan, Vec<&'t str>) {
    let found = table.find(&request.method, request.path, &request.headers);
    let Some((Found::Plan(plan), path)) = found else {
        panic!("{} is not on the direct lane", request.path)
    };
    (
        plan,
        path.ranges
            .into_iter()
            .map(|range| &request.path[range])
            .collect(),
    )
}

fn input<'r>(request: &'r Request, path: &'r [&'r str]) -> Input<'r> {
    Input {
        path,
        query: request.query,
        headers: &request.headers,
        body: &request.body,
    }
}

fn take(bencher: Bencher<'_, '_>, request: &Request) {
    Python::attach(|py| {
        let (plan, path) = find(&world(py).table, request);
        bencher.bench_local(|| {
            arguments(py, plan, black_box(input(request, &path)))
                .expect("taken")
                .len()
        });
    });
}

/// Everything between the parsed request and the answer.
fn execute(bencher: Bencher<'_, '_>, request: &Request) {
    Python::attach(|py| {
        let world = world(py);
        bencher.bench_local(|| {
            let (plan, path) = find(&world.table, black_box(request));
            let taken = arguments(py, plan, input(request, &path)).expect("taken");
            let result = call(py, plan, &taken).expect("called");
            let result = if plan.is_coroutine {
                finish_step(&result).expect("one step")
            } else {
                result
            };
            let answer = answer(plan, &world.classes, &result).expect("answered");
            assert!(matches!(answer, Answer::Ready(..)));
            answer
        });
    });
}

fn encode_object(bencher: Bencher<'_, '_>, name: &str) {
    Python::attach(|py| {
        let object = world(py).module.bind(py).getattr(name).unwrap();
        let mut out = Vec::with_capacity(64 * 1024);
        bencher.bench_local(|| {
            out.clear();
            encode(black_box(&object), &mut out).expect("builtin types");
            out.len()
        });
    });
}

#[divan::bench]
fn parameters_of_path_and_query(bencher: Bencher<'_, '_>) {
    take(bencher, &items());
}

#[divan::bench]
fn parameters_of_a_bearer_token(bencher: Bencher<'_, '_>) {
    take(bencher, &secure());
}

#[divan::bench]
fn parameters_of_a_model(bencher: Bencher<'_, '_>) {
    take(bencher, &order());
}

#[divan::bench]
fn json_of_a_small_dict(bencher: Bencher<'_, '_>) {
    encode_object(bencher, "small");
}

#[divan::bench]
fn json_of_100_dicts(bencher: Bencher<'_, '_>) {
    encode_object(bencher, "rows");
}

#[divan::bench]
fn plan_of_hello(bencher: Bencher<'_, '_>) {
    execute(bencher, &get("/hello", ""));
}

#[divan::bench]
fn plan_of_items(bencher: Bencher<'_, '_>) {
    execute(bencher, &items());
}

#[divan::bench]
fn plan_of_a_model_in_and_out(bencher: Bencher<'_, '_>) {
    execute(bencher, &order());
}

#[divan::bench]
fn plan_of_100_models_out(bencher: Bencher<'_, '_>) {
    execute(bencher, &get("/orders", ""));
}

#[divan::bench]
fn plan_of_dependencies(bencher: Bencher<'_, '_>) {
    execute(bencher, &secure());
}
