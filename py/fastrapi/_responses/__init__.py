"""The response classes behind `fastrapi.responses`."""
