//! What all requests share.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use vigiles_model::Duration;
use vigiles_runtime::Platform;
use vigiles_trust::limiter::{Rate, RateLimiter};

use crate::doors::{DoorCounts, HttpDoor, Rates};
use crate::events::Hub;
use crate::metrics::Traffic;
use crate::settings::Settings;

/// Password hashes computed at once: each takes some 70 ms and 19 MiB.
const HASHES_AT_ONCE: usize = 2;
/// Back-tests at once: each takes a core.
const BACK_TESTS_AT_ONCE: usize = 2;
/// Exports at once: each takes a thread that waits for the disk and for its client.
const EXPORTS_AT_ONCE: usize = 4;
/// Sign-ins of one name or one address at once, and then one each so often.
const SIGN_IN_RATE: Rate = Rate { burst: 10, refill: Duration::from_secs(20) };
/// Names and addresses remembered.
const SIGN_IN_KEYS: usize = 20_000;

/// What all requests share.
pub(crate) struct Api {
    pub(crate) platform: Arc<Platform>,
    pub(crate) settings: Settings,
    pub(crate) openapi: bytes::Bytes,
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) deliveries: Semaphore,
    pub(crate) back_tests: Arc<Semaphore>,
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) traffic: Traffic,
    pub(crate) http: HttpDoor,
    pub(crate) rates: Rates,
    pub(crate) requests: AtomicU64,
    /// Idempotency keys whose first request is under way.
    pub(crate) in_flight: Mutex<HashSet<String>>,
    sign_ins: Mutex<RateLimiter<SignInKey>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum SignInKey {
    Name(String),
    Address(IpAddr),
}

impl Api {
    pub(crate) fn new(platform: Arc<Platform>, settings: Settings, openapi: String) -> Self {
        Self {
            hub: Arc::new(Hub::new(settings.max_event_streams)),
            deliveries: Semaphore::new(settings.max_deliveries),
            back_tests: Arc::new(Semaphore::new(BACK_TESTS_AT_ONCE)),
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            platform,
            settings,
            openapi: openapi.into(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            traffic: Traffic::default(),
            http: HttpDoor::default(),
            rates: Rates::default(),
            requests: AtomicU64::new(0),
            in_flight: Mutex::default(),
            sign_ins: Mutex::new(RateLimiter::new(SIGN_IN_RATE, SIGN_IN_KEYS)),
        }
    }

    /// Every door by name, with its counts now.
    pub(crate) fn doors(&self) -> Vec<(&'static str, DoorCounts)> {
        let http = self.http.counts(self.traffic.open_requests.load(Ordering::Relaxed));
        let others = self.settings.doors.iter().map(|door| (door.name, (door.read)()));
        std::iter::once(("http", http)).chain(others).collect()
    }

    /// Counts a try to sign in; an error is the time to wait.
    pub(crate) fn try_sign_in(&self, name: &str, peer: Option<IpAddr>) -> Result<(), Duration> {
        let now = self.platform.now();
        let mut sign_ins = self.sign_ins.lock();
        if let Some(address) = peer {
            sign_ins.take(&SignInKey::Address(address), now)?;
        }
        sign_ins.take(&SignInKey::Name(name.trim().to_lowercase()), now)
    }

    /// Forgives the tries of a name that signed in after all.
    pub(crate) fn signed_in(&self, name: &str) {
        self.sign_ins.lock().forgive(&SignInKey::Name(name.trim().to_lowercase()));
    }
}
