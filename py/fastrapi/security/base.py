"""What every security scheme has in common."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastrapi.openapi.models import SecurityBase as SecurityBaseModel


class SecurityBase:
    """A callable dependency that is also documented as an OpenAPI security scheme.

    `model` is the scheme's description in the document, `scheme_name` its key there.
    """

    model: "SecurityBaseModel"
    scheme_name: str
