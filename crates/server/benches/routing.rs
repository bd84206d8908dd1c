//! What finding a route costs, with few routes and with many.
#![allow(missing_docs, clippy::unwrap_used)]

use divan::black_box;
use http::Method;
use server::routing::{Lookup, MethodSet, Pattern, RouteTable, RouteTableBuilder};

fn main() {
    divan::main();
}

/// `/svcN/resM/{id}`, 100 resources in each service, and one static path.
fn table(routes: usize) -> RouteTable<usize> {
    let mut builder = RouteTableBuilder::new();
    builder.push(get(), Pattern::parse("/hello").unwrap(), 0);
    for number in 1..routes {
        let pattern = format!("/svc{}/res{}/{{item_id}}", number / 100, number % 100);
        builder.push(get(), Pattern::parse(&pattern).unwrap(), number);
    }
    builder.build()
}

fn get() -> MethodSet {
    [Method::GET].into_iter().collect()
}

fn bench(bencher: divan::Bencher<'_, '_>, routes: usize, path: &str, expected: usize) {
    let table = table(routes);
    let found = table.lookup(&Method::GET, path);
    assert!(
        matches!(found, Lookup::Found { value, .. } if *value == expected),
        "{found:?}"
    );
    bencher.bench_local(|| {
        matches!(
            table.lookup(black_box(&Method::GET), black_box(path)),
            Lookup::Found { .. }
        )
    });
}

#[divan::bench(args = [10, 10_000])]
fn static_path(bencher: divan::Bencher<'_, '_>, routes: usize) {
    bench(bencher, routes, "/hello", 0);
}

#[divan::bench(args = [10, 10_000])]
fn path_with_parameter(bencher: divan::Bencher<'_, '_>, routes: usize) {
    let last = routes - 1;
    bench(
        bencher,
        routes,
        &format!("/svc{}/res{}/4711", last / 100, last % 100),
        last,
    );
}

#[divan::bench]
fn nothing(bencher: divan::Bencher<'_, '_>) {
    let table = table(10_000);
    assert!(matches!(
        table.lookup(&Method::GET, "/svc1/res1/2/3"),
        Lookup::NotFound
    ));
    bencher.bench_local(|| {
        matches!(
            table.lookup(black_box(&Method::GET), black_box("/svc1/res1/2/3")),
            Lookup::NotFound
        )
    });
}
