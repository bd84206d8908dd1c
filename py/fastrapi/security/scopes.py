"""The scopes that a request needs, as a parameter that a dependency may ask for."""


class SecurityScopes:
    """The OAuth2 scopes required by the dependencies that lead to the one that receives this.

    Declare a parameter of this type in a dependency to be given the scopes of every
    `Security(..., scopes=[...])` on the way from the path operation to it.

    Args:
        scopes: the scopes, outermost first; none by default.

    Attributes:
        scopes: the same list.
        scope_str: the scopes in one string, separated by spaces (RFC 6749, section 3.3).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
