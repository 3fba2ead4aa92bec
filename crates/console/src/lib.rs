//! The built web pages inside the binary.
