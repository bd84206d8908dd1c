"""What every security scheme has in common."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastrapi.openapi.security_models import SecurityBase as SecurityBaseModel


class SecurityBase:
    """A callable dependency that is also documented as an OpenAPI security scheme.

    Every scheme of this package takes, beside its own arguments:

    `scheme_name`: the key in the OpenAPI document; the class's name by default.
    `description`: shown in the documentation.
    `auto_error`: whether a request without credentials of the kind is answered with 401, which is
    so by default. If not, the dependency's value is `None` then.

    Attributes:
        model: the scheme's description in the document.
        scheme_name: its key there.
    """

    model: "SecurityBaseModel"
    scheme_name: str
