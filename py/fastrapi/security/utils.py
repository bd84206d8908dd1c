"""Reading the `Authorization` header."""


def get_authorization_scheme_param(authorization_header_value: str | None) -> tuple[str, str]:
    """Split an `Authorization` value into scheme and parameters (RFC 9110, section 11.4).

    Returns two empty strings for a missing or empty header. White space around the parameters
    is not part of the credentials.
    """
    if not authorization_header_value:
        return "", ""
    scheme, _, parameters = authorization_header_value.partition(" ")
    return scheme, parameters.strip()
