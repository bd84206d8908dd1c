"""Names that the OpenAPI generator and the pydantic layer agree on."""

METHODS_WITH_BODY = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
"""Methods for which a request body is read and documented."""

REF_PREFIX = "#/components/schemas/"
"""Where component schemas live in the document (OpenAPI 3.1, section 4.8.7)."""

REF_TEMPLATE = f"{REF_PREFIX}{{model}}"
"""The `ref_template` for pydantic's JSON schema generator."""
