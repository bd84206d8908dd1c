//! The table against examples, and against a scan with regular expressions in declaration order.

use http::Method;
use regex::Regex;

use super::{Convertor, Lookup, MethodSet, Pattern, PatternError, RouteTable, RouteTableBuilder};

fn table(routes: &[(&str, &str)]) -> RouteTable<usize> {
    let mut builder = RouteTableBuilder::new();
    for (index, (method, pattern)) in routes.iter().enumerate() {
        builder.push(
            method.parse::<Method>().unwrap().into(),
            Pattern::parse(pattern).unwrap(),
            index,
        );
    }
    builder.build()
}

/// `Some((route, parameters))`, or what else the lookup says.
fn look(table: &RouteTable<usize>, method: &str, path: &str) -> Result<(usize, Vec<String>), String> {
    match table.lookup(&method.parse().unwrap(), path) {
        Lookup::Found { route, params, .. } => {
            Ok((route, params.into_iter().map(|r| path[r].to_owned()).collect()))
        }
        Lookup::MethodNotAllowed { route, .. } => Err(format!("405 {route}")),
        Lookup::RedirectSlash { path } => Err(format!("redirect {path}")),
        Lookup::NotFound => Err("404".into()),
    }
}

fn found(route: usize, params: &[&str]) -> Result<(usize, Vec<String>), String> {
    Ok((route, params.iter().map(ToString::to_string).collect()))
}

#[test]
fn declaration_order_decides_between_static_and_parameter() {
    let later = table(&[("GET", "/users/{id}"), ("GET", "/users/me")]);
    assert_eq!(look(&later, "GET", "/users/me"), found(0, &["me"]));
    let earlier = table(&[("GET", "/users/me"), ("GET", "/users/{id}")]);
    assert_eq!(look(&earlier, "GET", "/users/me"), found(0, &[]));
    assert_eq!(look(&earlier, "GET", "/users/you"), found(1, &["you"]));
}

#[test]
fn convertors_restrict_what_matches() {
    let table = table(&[
        ("GET", "/i/{v:int}"),
        ("GET", "/i/{v:float}"),
        ("GET", "/i/{v:uuid}"),
        ("GET", "/i/{v}"),
        ("GET", "/p/{v:path}"),
        ("GET", "/p/{a:path}/end/{b}"),
    ]);
    assert_eq!(look(&table, "GET", "/i/12"), found(0, &["12"]));
    assert_eq!(look(&table, "GET", "/i/12.5"), found(1, &["12.5"]));
    assert_eq!(look(&table, "GET", "/i/12."), found(3, &["12."]));
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    assert_eq!(look(&table, "GET", &format!("/i/{uuid}")), found(2, &[uuid]));
    assert_eq!(look(&table, "GET", "/i/\u{e9}"), found(3, &["\u{e9}"]));
    assert_eq!(look(&table, "GET", "/p/a/b/end/c"), found(4, &["a/b/end/c"]));
    assert_eq!(look(&table, "GET", "/p/"), found(4, &[""]));
}

#[test]
fn a_path_parameter_in_the_middle_is_greedy() {
    let table = table(&[("GET", "/f/{p:path}/end/{x}"), ("GET", "/f/{name}.{ext}")]);
    assert_eq!(
        look(&table, "GET", "/f/a/end/b/end/c"),
        found(0, &["a/end/b", "c"])
    );
    assert_eq!(look(&table, "GET", "/f/a.tar.gz"), found(1, &["a.tar", "gz"]));
}

#[test]
fn method_not_allowed_names_the_first_route_with_the_path() {
    let table = table(&[("GET", "/a"), ("POST", "/a"), ("PUT", "/{x}"), ("PATCH", "/b")]);
    assert_eq!(look(&table, "POST", "/a"), found(1, &[]));
    assert_eq!(look(&table, "PUT", "/a"), found(2, &["a"]));
    assert_eq!(look(&table, "DELETE", "/a"), Err("405 0".into()));
    assert_eq!(look(&table, "HEAD", "/a"), Err("405 0".into()));
    assert_eq!(look(&table, "GET", "/b"), Err("405 2".into()));
    assert_eq!(look(&table, "BREW", "/a"), Err("405 0".into()));
}

#[test]
fn slashes_are_redirected_both_ways() {
    let table = table(&[("GET", "/a"), ("POST", "/b/"), ("GET", "/c/{x}/")]);
    assert_eq!(look(&table, "GET", "/a/"), Err("redirect /a".into()));
    assert_eq!(look(&table, "GET", "/b"), Err("redirect /b/".into()));
    assert_eq!(look(&table, "GET", "/c/d"), Err("redirect /c/d/".into()));
    assert_eq!(look(&table, "GET", "/"), Err("404".into()));
    assert_eq!(look(&table, "GET", "*"), Err("404".into()));
    let mut builder = RouteTableBuilder::new();
    builder
        .redirect_slashes(false)
        .push(MethodSet::any(), Pattern::parse("/a").unwrap(), 0);
    assert_eq!(look(&builder.build(), "GET", "/a/"), Err("404".into()));
}

#[test]
fn patterns_are_checked() {
    assert_eq!(
        Pattern::parse("a").unwrap_err(),
        PatternError::NoLeadingSlash("a".into())
    );
    assert_eq!(
        Pattern::parse("/{a:nope}").unwrap_err(),
        PatternError::UnknownConvertor("nope".into())
    );
    assert_eq!(
        Pattern::parse("/{a}/{a}").unwrap_err(),
        PatternError::DuplicateParameter("a".into())
    );
    assert_eq!(
        Pattern::parse("/{a b}/{c}")
            .unwrap()
            .parameter_names()
            .collect::<Vec<_>>(),
        ["c"]
    );
}

#[test]
fn custom_convertors_are_asked() {
    let even = Convertor::Custom(std::sync::Arc::new(|text: &str| {
        !text.is_empty() && text.len() % 2 == 0
    }));
    let pattern = Pattern::parse_with("/e/{v:even}/x", |_| Some(even.clone())).unwrap();
    let mut builder = RouteTableBuilder::new();
    builder.push(MethodSet::any(), pattern, 0);
    let table = builder.build();
    assert_eq!(look(&table, "GET", "/e/ab/x"), found(0, &["ab"]));
    assert_eq!(look(&table, "GET", "/e/abc/x"), Err("404".into()));
}

#[test]
fn ten_thousand_routes_are_found_each() {
    let patterns: Vec<String> = (0..10_000)
        .map(|i| {
            if i % 2 == 0 {
                format!("/r{i}/x")
            } else {
                format!("/r{i}/{{id:int}}/y")
            }
        })
        .collect();
    let routes: Vec<(&str, &str)> = patterns.iter().map(|pattern| ("GET", &**pattern)).collect();
    let table = table(&routes);
    assert_eq!(look(&table, "GET", "/r9998/x"), found(9998, &[]));
    assert_eq!(look(&table, "GET", "/r9999/7/y"), found(9999, &["7"]));
    assert_eq!(look(&table, "GET", "/r10000/x"), Err("404".into()));
}

/// A small deterministic generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// The route that a scan in declaration order finds.
fn scan(routes: &[(Method, Regex)], method: &Method, path: &str) -> Result<(usize, Vec<String>), String> {
    let mut partial = None;
    for (index, (allowed, regex)) in routes.iter().enumerate() {
        let Some(captures) = regex.captures(path) else {
            continue;
        };
        if allowed == method {
            let params = captures
                .iter()
                .skip(1)
                .map(|group| group.unwrap().as_str().to_owned())
                .collect();
            return Ok((index, params));
        }
        partial = partial.or(Some(index));
    }
    Err(partial.map_or_else(|| "none".into(), |index| format!("405 {index}")))
}

fn regex_of(pattern: &str) -> Regex {
    let mut text = String::from("^");
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        text += &regex::escape(&rest[..open]);
        let close = open + rest[open..].find('}').unwrap();
        text += match rest[open + 1..close]
            .split_once(':')
            .map_or("str", |(_, convertor)| convertor)
        {
            "path" => "(.*)",
            "int" => "([0-9]+)",
            "float" => r"([0-9]+(?:\.[0-9]+)?)",
            _ => "([^/]+)",
        };
        rest = &rest[close + 1..];
    }
    Regex::new(&(text + &regex::escape(rest) + "$")).unwrap()
}

#[test]
fn random_tables_agree_with_a_scan() {
    const PIECES: &[&str] = &[
        "a",
        "b",
        "1",
        "",
        "{S}",
        "{I:int}",
        "{F:float}",
        "x{S}",
        "{S}.{I:int}",
        "{P:path}",
        "{P:path}z",
    ];
    const WORDS: &[&str] = &[
        "a", "b", "1", "12", "1.5", "", "xa", "a.1", "a.b.1", "z", "\u{e9}", "az",
    ];
    let mut random = Random(20_260_101);
    for round in 0..400 {
        let patterns: Vec<(Method, String)> = (0..=random.below(12))
            .map(|_| {
                let mut pattern = String::new();
                for _ in 0..=random.below(4) {
                    pattern.push('/');
                    pattern += random.pick(PIECES);
                }
                let mut unique = String::new();
                for (index, piece) in pattern.split('{').enumerate() {
                    unique += &if index == 0 {
                        piece.to_owned()
                    } else {
                        format!("{{p{index}_{piece}")
                    };
                }
                (random.pick(&["GET", "POST"]).parse().unwrap(), unique)
            })
            .collect();
        let mut builder = RouteTableBuilder::new();
        for (index, (method, pattern)) in patterns.iter().enumerate() {
            builder.push(method.clone().into(), Pattern::parse(pattern).unwrap(), index);
        }
        let table = builder.build();
        let regexes: Vec<_> = patterns
            .iter()
            .map(|(method, pattern)| (method.clone(), regex_of(pattern)))
            .collect();
        for _ in 0..60 {
            let mut path = String::new();
            for _ in 0..=random.below(4) {
                path.push('/');
                path += random.pick(WORDS);
            }
            let mut seen = look(&table, "GET", &path);
            if seen
                .as_ref()
                .is_err_and(|error| error.starts_with("redirect") || error == "404")
            {
                seen = Err("none".into());
            }
            assert_eq!(
                seen,
                scan(&regexes, &Method::GET, &path),
                "round {round}: {path:?} in {patterns:?}"
            );
        }
    }
}
