//! The city and its base map.

use vigiles_trust::{Action, Resource};

use crate::call::{Call, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::pages;
use crate::wire::city::City;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = Action::Read(Resource::City);
    vec![
        Endpoint::get("/api/v1/city", "get_city", "What the console must know of the city", get)
            .tag("city")
            .may(read)
            .answers::<City>(200, "The city."),
        Endpoint::get("/map/base.pmtiles", "get_base_map", "The base map, by ranges", pages::base_map)
            .tag("city")
            .may(read)
            .answers_type(200, "application/vnd.pmtiles", "The whole file, where it is small.")
            .answers_type(206, "application/vnd.pmtiles", "The range asked for.")
            .also(&[404, 416]),
    ]
}

async fn get(call: Call) -> Answer {
    let basemap = call.api.settings.basemap.as_ref().map(|_| "/map/base.pmtiles".to_owned());
    ok(&City { basemap, ..call.api.settings.city.clone() })
}
