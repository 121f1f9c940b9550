//! Other parsers judge our messages.
