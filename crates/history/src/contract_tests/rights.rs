//! Who may read, and that nobody but the platform writes.

use vigiles_model::{AgencyId, Duration, PersonId, Timestamp};
use vigiles_trust::{Context, Purpose};

use super::{CONTEXT, Factory, START, reading};
use crate::{History, HistoryError, Query, SeriesQuery};

fn check<T>(what: &str, answer: Result<T, HistoryError>) {
    assert!(matches!(answer.err(), Some(HistoryError::NotPermitted { .. })), "{what} was not refused");
}

pub(super) fn without_the_right_nothing_is_read_or_changed<F: Factory>(factory: &F) {
    let history = factory.open("rights");
    let entry = [reading("k", 1, 1, 1.0)];
    let stranger = PersonId::new("ada").expect("an id");
    let agency = AgencyId::new("fire").expect("an id");
    let nothing = Context::nothing_granted(&stranger, &agency, Purpose::Operations);
    check("write", history.write(&nothing, 0, &entry));
    history.write(&CONTEXT, 0, &entry).expect("taken");
    let page = Query { limit: 10, ..Query::default() };
    check("page", history.page(&nothing, &page));
    check("scan", history.scan(&nothing, &page, &mut |_, _| unreachable!("nothing is shown")));
    check("latest", history.latest(&nothing, Timestamp(i64::MAX), None));
    let chart = SeriesQuery {
        kind: entry[0].kind.clone(),
        series: "sensor-1".into(),
        from: Timestamp(START),
        to: Timestamp(START + 10_000_000),
        buckets: 5,
    };
    check("series", history.series(&nothing, &chart));
    check("expire", history.expire(&nothing, &|_| Duration::from_secs(0), Timestamp(i64::MAX)));
    assert_eq!(history.page(&CONTEXT, &page).expect("a page").observations.len(), 1);
}
