//! `vigiles openapi`.

/// Prints the OpenAPI document of the API.
pub(crate) fn run() -> anyhow::Result<()> {
    super::say(vigiles_api::openapi().trim_end())
}
