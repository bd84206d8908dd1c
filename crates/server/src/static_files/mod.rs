//! static_files.
