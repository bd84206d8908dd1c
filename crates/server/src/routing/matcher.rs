//! Matches a sequence of tokens against a whole text, with the captures of a greedy regular expression.

use std::ops::Range;

use smallvec::SmallVec;

use super::pattern::Token;

/// Where the parameters lie in the path, from left to right.
pub(super) type Captures = SmallVec<[Range<usize>; 4]>;

/// Whether `tokens` match all of `path[from..to]`; if so, their parameters are appended to `captures`.
pub(super) fn matches(tokens: &[Token], path: &str, from: usize, to: usize, captures: &mut Captures) -> bool {
    match tokens.split_first() {
        None => from == to,
        Some((Token::Literal(literal), rest)) => {
            path[from..to].starts_with(&**literal) && matches(rest, path, from + literal.len(), to, captures)
        }
        // The last parameter has to take everything: a shorter value cannot succeed.
        Some((Token::Parameter(convertor), [])) => {
            let accepted = convertor.any_prefix(&path[from..to], |length| from + length == to);
            if accepted {
                captures.push(from..to);
            }
            accepted
        }
        Some((Token::Parameter(convertor), rest)) => {
            let depth = captures.len();
            convertor.any_prefix(&path[from..to], |length| {
                captures.truncate(depth);
                captures.push(from..from + length);
                matches(rest, path, from + length, to, captures) || {
                    captures.truncate(depth);
                    false
                }
            })
        }
    }
}
