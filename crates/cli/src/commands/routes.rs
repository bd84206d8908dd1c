//! `routes`.

use std::io::{self, Write};

use pybridge::run::{RouteDescription, inspect};
use serde_json::json;

use super::{failure, python};
use crate::exit::Exit;
use crate::report::Report;
use crate::settings::Settings;

/// Lists the routes, as a table or as JSON.
pub(crate) fn routes(settings: &Settings, json: bool) -> Result<Exit, Report> {
    python::start(settings)?;
    let inspection = inspect(&python::target(settings)).map_err(|error| failure::of_run(&error, settings))?;
    let text = if json {
        as_json(&inspection.routes)
    } else {
        as_table(&inspection.routes)
    };
    for oddity in &inspection.oddities {
        eprintln!("note: {oddity}");
    }
    match io::stdout().write_all(text.as_bytes()) {
        // `routes | head` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Report::new(Exit::Runtime, "cannot write the routes").cause(error.to_string()))
        }
        _ => Ok(Exit::Success),
    }
}

fn as_json(routes: &[RouteDescription]) -> String {
    let rows: Vec<_> = routes
        .iter()
        .map(|route| {
            json!({
                "methods": route.methods,
                "path": route.path,
                "name": route.name,
                "lane": route.lane,
                "reason": route.reason,
                "placement": route.placement,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(rows))
}

const HEADINGS: [&str; 5] = ["METHOD", "PATH", "NAME", "LANE", "PLACEMENT"];

/// Columns as wide as their content. The reason comes after the lane in the same column, as only some have one.
fn as_table(routes: &[RouteDescription]) -> String {
    let rows: Vec<[String; 5]> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(routes.iter().map(cells))
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    });
    rows.iter()
        .map(|row| {
            let line: Vec<String> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            format!("{}\n", line.join("  ").trim_end())
        })
        .collect()
}

fn cells(route: &RouteDescription) -> [String; 5] {
    let methods = if route.methods.is_empty() {
        "*".to_owned()
    } else {
        route.methods.join(",")
    };
    let lane = if route.reason.is_empty() {
        route.lane.clone()
    } else {
        format!("{}: {}", route.lane, route.reason)
    };
    [
        methods,
        route.path.clone(),
        route.name.clone(),
        lane,
        route.placement.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(methods: &[&str], path: &str, reason: &str) -> RouteDescription {
        RouteDescription {
            methods: methods.iter().map(ToString::to_string).collect(),
            path: path.into(),
            name: "name".into(),
            lane: if reason.is_empty() { "direct" } else { "general" }.into(),
            reason: reason.into(),
            placement: "loop".into(),
        }
    }

    #[test]
    fn the_table_has_aligned_columns() {
        let table = as_table(&[
            route(&["GET", "HEAD"], "/", ""),
            route(&[], "/static/{path:path}", "a Mount"),
        ]);
        assert_eq!(
            table,
            "METHOD    PATH                 NAME  LANE              PLACEMENT\n\
             GET,HEAD  /                    name  direct            loop\n\
             *         /static/{path:path}  name  general: a Mount  loop\n"
        );
    }
}
