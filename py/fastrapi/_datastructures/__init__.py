"""The data structures behind `fastrapi.datastructures`, one family a module."""
