"""stapy: queries over what frost-sta-client has left."""

import os
import sys

# This file has the name of the package that it tries.
sys.path.pop(0)
import requests  # noqa: E402

# stapy knows no bearer token: every session of its HTTP library sends it.
plain = requests.Session.request


def with_token(session, method, url, **options):
    session.headers["Authorization"] = "Bearer " + os.environ["READER"]
    return plain(session, method, url, **options)


requests.Session.request = with_token

from stapy import Entity, Query, set_sta_url  # noqa: E402

set_sta_url(os.environ["URL"])


def check(name, found, expected):
    assert found == expected, f"{name}: {found!r}, not {expected!r}"
    print("ok", name)


names, floors = Query(Entity.Thing).select("name", "properties.floors").get_data_sets()
check("selected properties, also inside others", (names, floors), (["Station"], [3]))
(stream,) = Query(Entity.Datastream).select("@iot.id").filter("ObservedProperty/name eq 'Air temperature'").get_data_sets()
check("one Datastream by its ObservedProperty", len(stream), 1)
results, times = Query(Entity.Observation).select("result", "phenomenonTime").order("phenomenonTime").limit(4).get_data_sets()
check("all pages of Observations", (results, times[0]), ([10.0 + m for m in range(10)], "2026-03-01T10:00:00Z"))
(some,) = Query(Entity.Observation).select("result").filter(f"Datastream/id eq '{stream[0]}' and result gt 12.5").order("result", asc=False).get_data_sets(3)
check("a filter, an order and a number", some, [19.0, 18.0, 17.0])
(north,) = Query(Entity.Observation).select("result").filter("parameters/side eq 'north' and minute(phenomenonTime) lt 2").order("result").get_data_sets()
check("functions of time and parameters", north, [10.0, 11.0])
(skipped,) = Query(Entity.Observation).select("result").order("result").offset(8).get_data_sets()
check("an offset", skipped, [18.0, 19.0])
(place,) = Query(Entity.Location).select("location").filter("geo.distance(location, geography'POINT (24.94 60.17)') lt 0.01").get_data_sets()
check("a distance", place[0]["coordinates"], [24.94, 60.17])
