//! Routes that an earlier one hides: legal, and hardly meant.

use http::Method;
use server::routing::{Lookup, RouteTable};

/// A request that a route is there for.
pub(super) struct Sample {
    method: Method,
    path: String,
}

impl Sample {
    /// A request for a pattern; `None` for one with convertors of the application's own.
    pub(super) fn new(method: Method, pattern: &str) -> Option<Self> {
        let mut path = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((literal, parameter)) = rest.split_once('{') {
            let (name, after) = parameter.split_once('}')?;
            path.push_str(literal);
            // Texts that each convertor takes and, where that is possible, no narrower one.
            path.push_str(
                match name.split_once(':').map_or("str", |(_, convertor)| convertor) {
                    "str" => "~",
                    "path" => "~/~",
                    "int" => "1",
                    "float" => "1.5",
                    "uuid" => "00000000-0000-4000-8000-000000000000",
                    _ => return None,
                },
            );
            rest = after;
        }
        path.push_str(rest);
        Some(Self { method, path })
    }
}

/// The places of the routes whose samples an earlier route answers.
pub(super) fn shadowed<T>(table: &RouteTable<T>, samples: &[Option<Sample>]) -> Vec<usize> {
    let is_shadowed = |(place, sample): (usize, &Option<Sample>)| {
        let sample = sample.as_ref()?;
        match table.lookup(&sample.method, &sample.path) {
            Lookup::Found { route, .. } if route < place => Some(place),
            _ => None,
        }
    };
    samples.iter().enumerate().filter_map(is_shadowed).collect()
}

#[cfg(test)]
mod tests {
    use server::routing::{MethodSet, Pattern, RouteTableBuilder};

    use super::*;

    #[test]
    fn a_route_behind_one_that_takes_all_its_requests_is_found() {
        let patterns = [
            "/users/{id}",
            "/users/me",
            "/users/{id:int}",
            "/items/{id:int}",
            "/items/me",
            "/{rest:path}",
            "/late",
        ];
        let mut builder = RouteTableBuilder::new();
        for pattern in patterns {
            let methods = MethodSet::from_iter([Method::GET]);
            builder.push(methods, Pattern::parse(pattern).unwrap(), ());
        }
        let samples: Vec<_> = patterns
            .iter()
            .map(|pattern| Sample::new(Method::GET, pattern))
            .collect();
        assert_eq!(shadowed(&builder.build(), &samples), [1, 2, 6]);
    }
}
