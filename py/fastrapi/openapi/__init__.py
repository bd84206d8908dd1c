"""OpenAPI 3.1: the document's models, its generator and the interactive documentation pages."""
