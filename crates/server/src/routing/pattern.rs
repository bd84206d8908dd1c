//! Path patterns: `/users/{id:int}/files/{path:path}`.

use super::convertor::Convertor;

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The path does not begin with `/`.
    #[error("{0:?} does not start with '/'")]
    NoLeadingSlash(String),
    /// A parameter names a convertor that does not exist.
    #[error("unknown convertor {0:?}")]
    UnknownConvertor(String),
    /// A parameter occurs twice.
    #[error("the parameter {0:?} occurs twice")]
    DuplicateParameter(String),
}

/// A literal piece of a path or a parameter.
#[derive(Debug, Clone)]
pub(super) enum Token {
    Literal(Box<str>),
    Parameter(Convertor),
}

/// A compiled path pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(super) tokens: Vec<Token>,
    names: Vec<Box<str>>,
}

impl Pattern {
    /// Compiles a pattern with the built-in convertors.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::parse_with(text, Convertor::named)
    }

    /// Compiles a pattern whose convertors are looked up in `convertors`.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse_with(
        text: &str,
        convertors: impl Fn(&str) -> Option<Convertor>,
    ) -> Result<Self, PatternError> {
        if !text.starts_with('/') {
            return Err(PatternError::NoLeadingSlash(text.into()));
        }
        let mut pattern = Self {
            tokens: Vec::new(),
            names: Vec::new(),
        };
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            literal.push_str(&rest[..open]);
            let Some((name, convertor, length)) = parameter(&rest[open..]) else {
                literal.push('{');
                rest = &rest[open + 1..];
                continue;
            };
            pattern.push_literal(&mut literal);
            if pattern.names.iter().any(|present| **present == *name) {
                return Err(PatternError::DuplicateParameter(name.into()));
            }
            let convertor =
                convertors(convertor).ok_or_else(|| PatternError::UnknownConvertor(convertor.into()))?;
            pattern.names.push(name.into());
            pattern.tokens.push(Token::Parameter(convertor));
            rest = &rest[open + length..];
        }
        literal.push_str(rest);
        pattern.push_literal(&mut literal);
        Ok(pattern)
    }

    fn push_literal(&mut self, literal: &mut String) {
        if !literal.is_empty() {
            self.tokens.push(Token::Literal(std::mem::take(literal).into()));
        }
    }

    /// The names of the parameters, from left to right.
    pub fn parameter_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// The path, if it has no parameters.
    pub(super) fn as_static(&self) -> Option<&str> {
        match &*self.tokens {
            [Token::Literal(path)] => Some(path),
            _ => None,
        }
    }
}

/// Reads `{name}` or `{name:convertor}` at the start of `text`: name, convertor and length.
fn parameter(text: &str) -> Option<(&str, &str, usize)> {
    let end = text.find('}')?;
    let inner = &text[1..end];
    let (name, convertor) = inner.split_once(':').unwrap_or((inner, "str"));
    (is_identifier(name) && is_identifier(convertor)).then_some((name, convertor, end + 1))
}

fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
