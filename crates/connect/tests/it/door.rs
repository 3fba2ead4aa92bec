//! A door that keeps what it is given in memory.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use vigiles_connect::mqtt::{Broker, Config};
use vigiles_formats::observation::{Draft, Registry, Sender, admit};
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{AgencyId, Geometry, KindId, Observation, ObservationKind, PersonId, SourceId, Timestamp};
use vigiles_runtime::door::{Door, Grant, Knock, Receipt, Refusal, Sources, SubmitError};
use vigiles_trust::{Action, Resource, Role};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

pub(crate) struct FakeDoor {
    kinds: HashMap<String, ObservationKind>,
    pub(crate) taken: Mutex<Vec<Observation>>,
    /// Submissions so far, also the ones refused or waiting.
    pub(crate) asked: watch::Sender<usize>,
    /// While true, submissions wait.
    pub(crate) hold: watch::Sender<bool>,
    /// How many further submissions are answered "overloaded".
    pub(crate) overloads: Mutex<usize>,
    pub(crate) fails: Mutex<Option<SubmitError>>,
    pub(crate) sources: Mutex<Arc<Sources>>,
    /// What is told of every observation taken.
    passing: broadcast::Sender<Arc<Vec<Observation>>>,
}

struct Kinds<'a>(&'a HashMap<String, ObservationKind>);

impl Registry for Kinds<'_> {
    fn kind(&self, id: &str) -> Option<&ObservationKind> {
        self.0.get(id)
    }
    fn asset_place(&self, _: &str) -> Option<&Geometry> {
        None
    }
}

impl FakeDoor {
    pub(crate) fn new() -> Arc<Self> {
        let kind = |id: &str, unit: &str, value_type| ObservationKind {
            id: KindId::new(id).unwrap(),
            name: id.into(),
            quantity: id.into(),
            unit: unit.into(),
            value_type,
            min: None,
            max: None,
            retention: vigiles_model::Duration::from_secs(1),
            personal: false,
            overload: Overload::Wait,
        };
        let kinds = [kind("air.pm25", "ug/m3", ValueType::Number), kind("door.open", "", ValueType::Boolean)];
        Arc::new(Self {
            kinds: kinds.into_iter().map(|k| (k.id.to_string(), k)).collect(),
            taken: Mutex::default(),
            asked: watch::channel(0).0,
            hold: watch::channel(false).0,
            overloads: Mutex::new(0),
            fails: Mutex::new(None),
            sources: Mutex::default(),
            passing: broadcast::channel(64).0,
        })
    }

    /// What was stored: `kind asset value`.
    pub(crate) fn stored(&self) -> Vec<String> {
        let line =
            |o: &Observation| format!("{} {} {:?}", o.kind, o.asset.as_ref().map_or("-", |a| a.as_str()), o.value);
        self.taken.lock().unwrap().iter().map(line).collect()
    }

    pub(crate) async fn asked(&self, times: usize) {
        self.asked.subscribe().wait_for(|n| *n >= times).await.unwrap();
    }

    fn take(&self, grant: &Grant, drafts: Vec<Draft>) -> Receipt {
        let fallback = SourceId::new("feed").unwrap();
        let sender = Sender { source: grant.source.as_ref().unwrap_or(&fallback), bound: grant.is_device() };
        let mut receipt = Receipt::default();
        let mut taken = self.taken.lock().unwrap();
        for (i, draft) in drafts.into_iter().enumerate() {
            match admit(draft, &Kinds(&self.kinds), sender, NOW) {
                Ok(o) if taken.iter().any(|t| t.id == o.id) => receipt.duplicates += 1,
                Ok(o) => {
                    receipt.accepted += 1;
                    let _nobody_follows = self.passing.send(Arc::new(vec![o.clone()]));
                    taken.push(o);
                }
                Err(e) => receipt.rejected.push((i, e)),
            }
        }
        receipt
    }
}

impl Door for FakeDoor {
    fn authenticate(&self, token: &str, _from: &Knock) -> Result<Grant, Refusal> {
        let (role, source) = match token {
            "good" => (Role::Integrator, "feed"),
            "source" => (Role::Source, "feed"),
            "operator" => (Role::Operator, "desk"),
            "device" => (Role::Device, "dev1"),
            _ => return Err(Refusal::Unknown),
        };
        Ok(Grant {
            principal: PersonId::new(token).unwrap(),
            agency: AgencyId::new("city").unwrap(),
            roles: vec![role],
            source: Some(SourceId::new(source).unwrap()),
        })
    }

    fn submit<'a>(&'a self, grant: &'a Grant, drafts: Vec<Draft>) -> BoxFuture<'a, Result<Receipt, SubmitError>> {
        Box::pin(async move {
            self.asked.send_modify(|n| *n += 1);
            self.hold.subscribe().wait_for(|hold| !hold).await.unwrap();
            if let Some(error) = self.fails.lock().unwrap().clone() {
                return Err(error);
            }
            {
                let mut overloads = self.overloads.lock().unwrap();
                if *overloads > 0 {
                    *overloads -= 1;
                    return Err(SubmitError::Overloaded { retry_after: Duration::from_millis(1) });
                }
            }
            Ok(self.take(grant, drafts))
        })
    }

    fn passing(&self) -> broadcast::Receiver<Arc<Vec<Observation>>> {
        self.passing.subscribe()
    }

    fn follow<'a>(&'a self, grant: &'a Grant, _filter: &'a str) -> BoxFuture<'a, Result<(), Refusal>> {
        let may = grant.roles.iter().any(|role| role.may(Action::Read(Resource::Observations)));
        Box::pin(async move { if may { Ok(()) } else { Err(Refusal::NotAllowed("its role".to_owned())) } })
    }

    fn sources(&self) -> Arc<Sources> {
        self.sources.lock().unwrap().clone()
    }
}

/// A broker on a free port of the loopback.
pub(crate) struct Running {
    pub(crate) door: Arc<FakeDoor>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) served: tokio::task::JoinHandle<()>,
}

pub(crate) async fn start(config: Config) -> Running {
    let door = FakeDoor::new();
    let broker = Broker::new(door.clone(), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(broker.clone().serve(listener, stopped));
    Running { door, broker, address, stop, served }
}
