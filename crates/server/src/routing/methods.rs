use http::Method;

/// The methods that a route answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MethodSet {
    any: bool,
    standard: u16,
    others: Vec<Method>,
}

fn bit(method: &Method) -> Option<u16> {
    let position = match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::DELETE => 4,
        Method::PATCH => 5,
        Method::OPTIONS => 6,
        Method::TRACE => 7,
        Method::CONNECT => 8,
        _ => return None,
    };
    Some(1 << position)
}

impl MethodSet {
    /// Every method, known or not.
    pub fn any() -> Self {
        Self {
            any: true,
            ..Self::default()
        }
    }

    /// Whether every method is answered.
    pub fn is_any(&self) -> bool {
        self.any
    }

    /// Whether `method` is answered. Methods are case-sensitive (RFC 9110 9.1).
    pub fn contains(&self, method: &Method) -> bool {
        self.any
            || match bit(method) {
                Some(bit) => self.standard & bit != 0,
                None => self.others.contains(method),
            }
    }

    fn insert(&mut self, method: Method) {
        match bit(&method) {
            Some(bit) => self.standard |= bit,
            None if self.others.contains(&method) => {}
            None => self.others.push(method),
        }
    }
}

impl FromIterator<Method> for MethodSet {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        let mut set = Self::default();
        for method in methods {
            set.insert(method);
        }
        set
    }
}

impl From<Method> for MethodSet {
    fn from(method: Method) -> Self {
        Self::from_iter([method])
    }
}
