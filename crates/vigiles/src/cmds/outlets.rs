//! What task kinds go out by: e-mail, webhooks and HTTP endpoints, as configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use vigiles_connect::endpoint::Endpoint;
use vigiles_connect::smtp::{self, Smtp};
use vigiles_connect::task_kinds::Outlets;
use vigiles_connect::webhook::Webhook;

use crate::config::Config;

/// What the tasks of playbooks go out by.
pub(crate) fn outlets(config: &Config) -> Result<Outlets> {
    let smtp = match &config.smtp {
        Some(settings) => Some(Arc::new(Smtp::new(&mail_server(settings)?).context("[smtp]")?)),
        None => None,
    };
    let mut webhooks = BTreeMap::new();
    for hook in &config.webhook {
        let name = &hook.name;
        let secret = std::fs::read_to_string(&hook.secret_file)
            .with_context(|| format!("[[webhook]] {name}: reading {}", hook.secret_file.display()))?;
        let made = Webhook::new(&hook.url, &secret).with_context(|| format!("[[webhook]] {name}"))?;
        webhooks.insert(name.clone(), Arc::new(made));
    }
    let mut endpoints = BTreeMap::new();
    for settings in &config.endpoint {
        let name = &settings.name;
        let read = |file: &std::path::PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("[[endpoint]] {name}: reading {}", file.display()))
        };
        let authorization = settings.authorization_file.as_ref().map(read).transpose()?;
        let made =
            Endpoint::new(&settings.url, authorization.as_deref()).with_context(|| format!("[[endpoint]] {name}"))?;
        endpoints.insert(name.clone(), Arc::new(made));
    }
    Ok(Outlets { smtp, webhooks, endpoints })
}

fn mail_server(settings: &crate::config::Smtp) -> Result<smtp::Config> {
    let credentials = match (&settings.user, &settings.password_file) {
        (Some(user), Some(file)) => {
            let password =
                std::fs::read_to_string(file).with_context(|| format!("[smtp] reading {}", file.display()))?;
            Some((user.clone(), password.trim_end().to_owned()))
        }
        (None, None) => None,
        _ => anyhow::bail!("[smtp] user and password_file go together"),
    };
    let security = if settings.starttls { smtp::Security::StartTls } else { smtp::Security::Plain };
    let (host, from) = (settings.host.clone(), settings.from.clone());
    Ok(smtp::Config { host, port: settings.port, from, security, credentials })
}
