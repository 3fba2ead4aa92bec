"""frost-sta-client (Fraunhofer IOSB): creates, reads, changes, deletes and pages through entities."""

import os

import frost_sta_client as fsc
import requests
from geojson import Point


class Bearer(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
        return request


class Token(fsc.AuthHandler):
    def add_auth_header(self):
        return Bearer()


def check(name, found, expected):
    assert found == expected, f"{name}: {found!r}, not {expected!r}"
    print("ok", name)


service = fsc.SensorThingsService(os.environ["URL"], auth_handler=Token())
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"

# A deep insert.
location = fsc.Location(name="roof", description="the roof", location=Point((24.94, 60.17)), encoding_type="application/geo+json")
unit = fsc.UnitOfMeasurement(name="degree Celsius", symbol="°C", definition="ucum:Cel")
datastream = fsc.Datastream(
    name="air temperature",
    description="on the roof",
    observation_type=MEASUREMENT,
    unit_of_measurement=unit,
    observed_property=fsc.ObservedProperty(name="Air temperature", definition="http://example.org/t", description="of the air"),
    sensor=fsc.Sensor(name="DHT22", description="cheap", encoding_type="text/plain", metadata="none"),
)
thing = fsc.Thing(name="Station", description="On the roof", properties={"owner": "city", "floors": 3})
thing.locations = [location]
thing.datastreams = [datastream]
service.create(thing)
found = service.things().find(thing.id)
check("a deep insert is found by its id", (found.name, found.properties), ("Station", {"owner": "city", "floors": 3}))
streams = found.get_datastreams().query().expand("Sensor,ObservedProperty").list().entities
check("its Datastream leads to Sensor and ObservedProperty", (streams[0].sensor.name, streams[0].observed_property.name), ("DHT22", "Air temperature"))
stream = streams[0]

# Observations, one by one and as a data array.
for minute in range(5):
    service.create(
        fsc.Observation(
            phenomenon_time=f"2026-03-01T10:0{minute}:00Z",
            result=10.0 + minute,
            parameters={"side": "north"},
            datastream=fsc.Datastream(id=stream.id),
        )
    )
array = fsc.model.ext.data_array_value.DataArrayValue()
array.datastream = fsc.Datastream(id=stream.id)
array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT}
for minute in range(5, 10):
    array.add_observation(fsc.Observation(phenomenon_time=f"2026-03-01T10:0{minute}:00Z", result=10.0 + minute, datastream=array.datastream))
document = fsc.model.ext.data_array_document.DataArrayDocument()
document.add_data_array_value(array)
links = service.observations().create(document)
check("a data array gives an address for each row", len(links), 5)

query = lambda: service.observations().query().filter(f"Datastream/id eq '{stream.id}'")
check("count", query().count().top(1).list().count, 10)
pages = query().top(3).orderby("phenomenonTime", "asc").list()
check("pages follow each other to the end", [o.result for o in pages], [10.0 + m for m in range(10)])
late = service.observations().query().filter("phenomenonTime ge 2026-03-01T10:08:00Z and result lt 19").list()
check("a filter by time and result", [o.result for o in late], [18.0])
near = service.locations().query().filter("st_within(location, geography'POLYGON ((24 60, 25 60, 25 61, 24 61, 24 60))')").list()
check("a filter by place", [l.name for l in near], ["roof"])
chosen = service.things().query().select("name").expand("Datastreams($select=name)").list().entities
check("select and expand", (chosen[0].name, chosen[0].datastreams.entities[0].name), ("Station", "air temperature"))

# Changes and deletions.
found.description = "In the yard"
found.locations = None
found.datastreams = None
service.update(found)
check("an update", service.things().find(thing.id).description, "In the yard")
sensor = fsc.Sensor(name="spare", description="d", encoding_type="text/plain", metadata="m")
service.create(sensor)
service.delete(sensor)
try:
    service.sensors().find(sensor.id)
    raise AssertionError("a deleted Sensor is found")
except requests.exceptions.HTTPError as error:
    check("what is deleted is gone", error.response.status_code, 404)
