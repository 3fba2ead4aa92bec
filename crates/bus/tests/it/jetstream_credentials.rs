//! Servers run by an operator, who says by signed tokens who may do what.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use nkeys::KeyPair;
use serde_json::{Value, json};
use vigiles_bus::jetstream::Options;
use vigiles_bus::{Bus, JetStream, Offset, SystemClock};

use crate::jetstream::topic;
use vigiles_bus::jetstream::test_server::{NatsServer, SYNC_ALWAYS};

/// A token about `subject`, signed by `issuer`.
fn token(issuer: &KeyPair, subject: &KeyPair, nats: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let (iss, sub) = (issuer.public_key(), subject.public_key());
    let claims = json!({ "jti": "1", "iat": 1_700_000_000, "iss": iss, "sub": sub, "name": "city", "nats": nats });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64.encode(signature))
}

fn account(operator: &KeyPair, account: &KeyPair, disk_storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": 0, "disk_storage": disk_storage, "streams": -1, "consumer": -1
    });
    token(operator, account, &json!({ "type": "account", "version": 2, "limits": limits }))
}

fn credentials(account: &KeyPair, user: &KeyPair) -> String {
    let limits = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let (jwt, seed) = (token(account, user, &limits), user.seed().unwrap());
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

#[test]
fn a_credentials_file_says_who_one_is() {
    let (operator, system, city) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let operator_token = token(&operator, &operator, &json!({ "type": "operator", "version": 2 }));
    let server = NatsServer::start_with(&format!(
        "jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}\n\
         operator: {operator_token}\n\
         system_account: {}\n\
         resolver: MEMORY\n\
         resolver_preload: {{ {}: {}, {}: {} }}",
        system.public_key(),
        system.public_key(),
        account(&operator, &system, 0),
        city.public_key(),
        account(&operator, &city, -1),
    ));
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, contents: String| {
        let path = directory.path().join(name);
        fs::write(&path, contents).unwrap();
        path.display().to_string()
    };
    let user = KeyPair::new_user();
    let good = file("good.creds", credentials(&city, &user));
    // Signed by an account that the operator does not know.
    let forged = file("forged.creds", credentials(&KeyPair::new_account(), &user));
    let broken = file("broken.creds", "no credentials".to_owned());
    let hurried = Options { patience: std::time::Duration::ZERO, ..Options::default() };
    let open = |path: &str| {
        let address = format!("{}&credentials={path}", server.address("city"));
        JetStream::open(&address, hurried, Arc::new(SystemClock)).map_err(|error| error.to_string())
    };
    let bus = open(&good).unwrap();
    assert_eq!(bus.append(&topic(), vec![vec![1]]).unwrap().first_offset, Offset(0));
    for (path, expected) in
        [(&forged, "authorization violation"), (&broken, "broken.creds"), (&"none.creds".to_owned(), "none.creds")]
    {
        let refused = open(path).err().unwrap();
        assert!(refused.contains(expected), "{refused}");
        assert!(!refused.contains(&user.seed().unwrap()), "{refused}");
    }
}
