//! HTTP and JSON: routes, wire types, OpenAPI, server-sent events.
