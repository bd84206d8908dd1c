//! A tree over path segments.

use hashbrown::HashMap;

use super::convertor::Convertor;
use super::matcher::{Captures, matches};
use super::pattern::{Pattern, Token};

/// Finds all routes with parameters that match a path, the earliest first as far as that is cheap.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// The earliest route at this node or below.
    earliest: usize,
    literals: HashMap<Box<str>, usize>,
    dynamics: Vec<(Segment, usize)>,
    /// Routes whose pattern ends here, in declaration order.
    leaves: Vec<usize>,
    /// Routes whose remaining pattern can span segments, in declaration order.
    tails: Vec<(Vec<Token>, usize)>,
}

#[derive(Debug)]
enum Segment {
    /// The whole segment is one parameter.
    Whole(Convertor),
    /// Literals and parameters mixed.
    Mixed(Vec<Token>),
}

impl Segment {
    fn new(tokens: &[Token]) -> Self {
        match tokens {
            [Token::Parameter(convertor)] => Self::Whole(convertor.clone()),
            _ => Self::Mixed(tokens.to_vec()),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.is_same(b),
            (Self::Mixed(a), Self::Mixed(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|pair| match pair {
                        (Token::Literal(a), Token::Literal(b)) => a == b,
                        (Token::Parameter(a), Token::Parameter(b)) => a.is_same(b),
                        _ => false,
                    })
            }
            _ => false,
        }
    }

    fn accepts(&self, path: &str, from: usize, to: usize, captures: &mut Captures) -> bool {
        match self {
            Self::Whole(convertor) => {
                let accepted = convertor.accepts_segment(&path[from..to]);
                if accepted {
                    captures.push(from..to);
                }
                accepted
            }
            Self::Mixed(tokens) => matches(tokens, path, from, to, captures),
        }
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::new()],
        }
    }

    /// Adds a route; `route` must be larger than all before.
    pub(super) fn insert(&mut self, pattern: &Pattern, route: usize) {
        let (segments, tail) = split(&pattern.tokens);
        let mut node = 0;
        self.nodes[node].earliest = self.nodes[node].earliest.min(route);
        for segment in segments {
            node = self.child(node, &segment);
            self.nodes[node].earliest = self.nodes[node].earliest.min(route);
        }
        match tail {
            Some(tail) => self.nodes[node].tails.push((tail, route)),
            None => self.nodes[node].leaves.push(route),
        }
    }

    fn child(&mut self, node: usize, segment: &[Token]) -> usize {
        let new = self.nodes.len();
        let literal = match segment {
            [] => Some(""),
            [Token::Literal(literal)] => Some(&**literal),
            _ => None,
        };
        let parent = &mut self.nodes[node];
        let child = match literal {
            Some(literal) => *parent.literals.entry(literal.into()).or_insert(new),
            None => {
                let segment = Segment::new(segment);
                match parent
                    .dynamics
                    .iter()
                    .find(|(present, _)| present.is_same(&segment))
                {
                    Some((_, child)) => *child,
                    None => {
                        parent.dynamics.push((segment, new));
                        new
                    }
                }
            }
        };
        if child == new {
            self.nodes.push(Node::new());
        }
        child
    }

    /// Visits matching routes. `visit` is given a route and its captures and returns the bound below which further
    /// routes are of interest; routes at or above `bound` are not visited.
    pub(super) fn search<F>(&self, path: &str, bound: usize, mut visit: F)
    where
        F: FnMut(usize, &Captures) -> usize,
    {
        // A path without a leading slash ("*") matches nothing here.
        if path.starts_with('/') {
            let mut search = Search {
                tree: self,
                path,
                bound,
                captures: Captures::new(),
                visit: &mut visit,
            };
            search.descend(0, 1);
        }
    }
}

struct Search<'a, F> {
    tree: &'a Tree,
    path: &'a str,
    bound: usize,
    captures: Captures,
    visit: &'a mut F,
}

impl<F: FnMut(usize, &Captures) -> usize> Search<'_, F> {
    /// `from` is the start of the next segment, or one past the end of the path if there is none.
    fn descend(&mut self, node: usize, from: usize) {
        let tree = self.tree;
        let node = &tree.nodes[node];
        if node.earliest >= self.bound {
            return;
        }
        if from > self.path.len() {
            self.report(&node.leaves);
            return;
        }
        let rest = &self.path[from..];
        let to = memchr::memchr(b'/', rest.as_bytes()).map_or(self.path.len(), |length| from + length);
        if let Some(child) = node.literals.get(&self.path[from..to]) {
            self.descend(*child, to + 1);
        }
        let depth = self.captures.len();
        for (segment, child) in &node.dynamics {
            if tree.nodes[*child].earliest < self.bound
                && segment.accepts(self.path, from, to, &mut self.captures)
            {
                self.descend(*child, to + 1);
                self.captures.truncate(depth);
            }
        }
        for (tokens, route) in &node.tails {
            if *route >= self.bound {
                break;
            }
            if matches(tokens, self.path, from, self.path.len(), &mut self.captures) {
                self.bound = self.bound.min((self.visit)(*route, &self.captures));
                self.captures.truncate(depth);
            }
        }
    }

    fn report(&mut self, routes: &[usize]) {
        for route in routes {
            if *route >= self.bound {
                break;
            }
            self.bound = self.bound.min((self.visit)(*route, &self.captures));
        }
    }
}

impl Node {
    fn new() -> Self {
        Self {
            earliest: usize::MAX,
            literals: HashMap::new(),
            dynamics: Vec::new(),
            leaves: Vec::new(),
            tails: Vec::new(),
        }
    }
}

/// Cuts tokens at slashes; from the first segment on that holds a parameter which may span slashes, the tokens are
/// left together as the tail. The leading slash belongs to no segment.
fn split(tokens: &[Token]) -> (Vec<Vec<Token>>, Option<Vec<Token>>) {
    let mut segments = Vec::new();
    let mut present = Vec::new();
    let mut tail = false;
    for (position, token) in tokens.iter().enumerate() {
        match token {
            Token::Parameter(convertor) => {
                tail |= convertor.spans_segments();
                present.push(token.clone());
            }
            Token::Literal(literal) if tail => present.push(Token::Literal(literal.clone())),
            Token::Literal(literal) => {
                let literal = if position == 0 { &literal[1..] } else { &**literal };
                let mut pieces = literal.split('/');
                push_piece(&mut present, pieces.next());
                for piece in pieces {
                    segments.push(std::mem::take(&mut present));
                    push_piece(&mut present, Some(piece));
                }
            }
        }
    }
    if tail {
        (segments, Some(present))
    } else {
        segments.push(present);
        (segments, None)
    }
}

fn push_piece(segment: &mut Vec<Token>, piece: Option<&str>) {
    if let Some(piece) = piece.filter(|piece| !piece.is_empty()) {
        segment.push(Token::Literal(piece.into()));
    }
}
