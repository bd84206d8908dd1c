use std::ops::Range;

use hashbrown::HashMap;
use http::Method;

use super::matcher::Captures;
use super::methods::MethodSet;
use super::pattern::Pattern;
use super::tree::Tree;

/// Where the parameters of a found route lie in the path, in the order of [`Pattern::parameter_names`].
pub type ParamRanges = smallvec::SmallVec<[Range<usize>; 4]>;

/// Collects routes in declaration order.
#[derive(Debug)]
pub struct RouteTableBuilder<T> {
    routes: Vec<Route<T>>,
    redirect_slashes: bool,
}

#[derive(Debug)]
struct Route<T> {
    methods: MethodSet,
    pattern: Pattern,
    value: T,
}

/// The routes that share one path without parameters.
#[derive(Debug, Default)]
struct StaticPath {
    routes: Vec<usize>,
    /// Whether a route with parameters, declared before the last of `routes`, matches this path too.
    contested: bool,
}

/// Routes compiled for lookup; immutable.
#[derive(Debug)]
pub struct RouteTable<T> {
    routes: Vec<Route<T>>,
    statics: HashMap<Box<str>, StaticPath>,
    tree: Tree,
    redirect_slashes: bool,
}

/// What a lookup found. Routes are named by their place in the declaration order.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a, T> {
    /// A route answers.
    Found {
        /// Its place in the declaration order.
        route: usize,
        /// What was pushed with it.
        value: &'a T,
        /// Its path parameters.
        params: ParamRanges,
    },
    /// Only the path matches.
    MethodNotAllowed {
        /// The first route with this path, which answers 405.
        route: usize,
        /// What was pushed with it.
        value: &'a T,
        /// The methods for its `Allow` header.
        allow: &'a MethodSet,
    },
    /// A route matches this other path, which differs by a trailing slash.
    RedirectSlash {
        /// The path to redirect to.
        path: String,
    },
    /// Nothing matches.
    NotFound,
}

impl<T> RouteTableBuilder<T> {
    /// An empty collection, with redirection of slashes on.
    pub fn new() -> Self {
        Self {
            routes: Vec::new(),
            redirect_slashes: true,
        }
    }

    /// Whether a path that matches only with or without a trailing slash is redirected.
    pub fn redirect_slashes(&mut self, on: bool) -> &mut Self {
        self.redirect_slashes = on;
        self
    }

    /// Adds a route after those already there and returns its place.
    pub fn push(&mut self, methods: MethodSet, pattern: Pattern, value: T) -> usize {
        self.routes.push(Route {
            methods,
            pattern,
            value,
        });
        self.routes.len() - 1
    }

    /// Compiles the table.
    pub fn build(self) -> RouteTable<T> {
        let mut statics: HashMap<Box<str>, StaticPath> = HashMap::with_capacity(self.routes.len());
        let mut tree = Tree::new();
        for (index, route) in self.routes.iter().enumerate() {
            match route.pattern.as_static() {
                Some(path) => statics.entry(path.into()).or_default().routes.push(index),
                None => tree.insert(&route.pattern, index),
            }
        }
        for (path, entry) in &mut statics {
            let bound = entry.routes.last().copied().unwrap_or(0);
            tree.search(path, bound, |_, _| {
                entry.contested = true;
                0
            });
        }
        RouteTable {
            routes: self.routes,
            statics,
            tree,
            redirect_slashes: self.redirect_slashes,
        }
    }
}

impl<T> Default for RouteTableBuilder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> RouteTable<T> {
    /// Finds the route for a percent-decoded path.
    pub fn lookup(&self, method: &Method, path: &str) -> Lookup<'_, T> {
        let statics = self.statics.get(path);
        let mut best = Best {
            full: usize::MAX,
            partial: usize::MAX,
            params: Captures::new(),
        };
        if let Some(entry) = statics {
            best.full = entry
                .routes
                .iter()
                .copied()
                .find(|route| self.answers(*route, method))
                .unwrap_or(usize::MAX);
            if best.full != usize::MAX && !entry.contested {
                return self.found(best.full, ParamRanges::new());
            }
            best.partial = entry.routes.first().copied().unwrap_or(usize::MAX);
        }
        self.tree.search(path, best.full, |route, captures| {
            if self.answers(route, method) {
                best.full = route;
                best.params.clone_from(captures);
            } else {
                best.partial = best.partial.min(route);
            }
            best.full
        });
        if best.full != usize::MAX {
            return self.found(best.full, best.params);
        }
        if let Some(route) = self.routes.get(best.partial) {
            return Lookup::MethodNotAllowed {
                route: best.partial,
                value: &route.value,
                allow: &route.methods,
            };
        }
        self.redirection(path)
    }

    fn answers(&self, route: usize, method: &Method) -> bool {
        self.routes[route].methods.contains(method)
    }

    fn found(&self, route: usize, params: ParamRanges) -> Lookup<'_, T> {
        Lookup::Found {
            route,
            value: &self.routes[route].value,
            params,
        }
    }

    fn redirection(&self, path: &str) -> Lookup<'_, T> {
        if !self.redirect_slashes || path == "/" || !path.starts_with('/') {
            return Lookup::NotFound;
        }
        let other = match path.trim_end_matches('/') {
            trimmed if trimmed.len() < path.len() => trimmed.to_owned(),
            _ => format!("{path}/"),
        };
        if self.matches_path(&other) {
            Lookup::RedirectSlash { path: other }
        } else {
            Lookup::NotFound
        }
    }

    /// Whether any route has this path, whatever the method.
    fn matches_path(&self, path: &str) -> bool {
        let mut found = self.statics.contains_key(path);
        if !found {
            self.tree.search(path, usize::MAX, |_, _| {
                found = true;
                0
            });
        }
        found
    }

    /// The names of a route's parameters, in the order of [`ParamRanges`].
    pub fn parameter_names(&self, route: usize) -> impl Iterator<Item = &str> {
        self.routes
            .get(route)
            .into_iter()
            .flat_map(|route| route.pattern.parameter_names())
    }

    /// What was pushed with a route.
    pub fn value(&self, route: usize) -> Option<&T> {
        self.routes.get(route).map(|route| &route.value)
    }

    /// Number of routes.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether there is no route.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }
}

/// The earliest routes seen so far.
struct Best {
    full: usize,
    partial: usize,
    params: Captures,
}
