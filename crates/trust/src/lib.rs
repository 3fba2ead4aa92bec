//! Who may do what: roles, contexts, passwords, tokens.
